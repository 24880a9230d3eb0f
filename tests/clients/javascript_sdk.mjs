// Drive a server with the SDK for JavaScript; host and credentials are in the environment, as the SDK reads them.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import sdk from "@databricks/sdk-experimental";

const {Time, TimeUnits, WorkspaceClient} = sdk;
const [greet, fail, name] = process.argv.slice(2);
const workspace = new WorkspaceClient({});
const timeout = new Time(2, TimeUnits.minutes);

/** Upload a program and create its job. */
async function createJob(program) {
    const file = `/clients/${path.basename(program)}`;
    await workspace.dbfs.put({path: file, contents: fs.readFileSync(program, "base64"), overwrite: true});
    const job = await workspace.jobs.create({
        name: program,
        tasks: [
            {
                task_key: "only",
                existing_cluster_id: process.env.DATABRICKS_CLUSTER_ID,
                spark_python_task: {python_file: `dbfs:${file}`, parameters: [name]},
            },
        ],
    });
    return job.job_id;
}

async function run(program) {
    const waiter = await workspace.jobs.runNow({job_id: await createJob(program)});
    return waiter.wait({timeout});
}

await workspace.secrets.createScope({scope: "clients"});
await workspace.secrets.putSecret({scope: "clients", key: "password", string_value: process.env.SECRET});

const done = await run(greet);
const output = await workspace.jobs.getRunOutput({run_id: done.tasks[0].run_id});
assert.equal(output.logs, `hello ${name}, the secret has 11 letters\n`);

await assert.rejects(run(fail), /Task only failed/);
