// Backend onboards a client as the integration guide says: it installs the executor, and runs two of its jobs.
// DATABRICKS_HOST, DATABRICKS_TOKEN, DATABRICKS_CLUSTER_ID say where; DATA_SOURCE_PATH and TENANT_ID, of what.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

type object = map[string]any

var cluster = os.Getenv("DATABRICKS_CLUSTER_ID")

// call asks the workspace and returns its answer; a refusal ends the program with the workspace's words.
func call(method, path string, body object) (answer object) {
	var content []byte
	if body != nil {
		content, _ = json.Marshal(body)
	}
	request, err := http.NewRequest(method, os.Getenv("DATABRICKS_HOST")+path, bytes.NewReader(content))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("DATABRICKS_TOKEN"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber() // an id has more digits than a float64
	if err = decoder.Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		log.Fatalf("%s %s: %s %v", method, path, response.Status, answer)
	}
	return answer
}

// wait asks again until the text at two keys (or one) is one of the last ones.
func wait(path, key, below, last string) object {
	for {
		answer := call("GET", path, nil)
		state := answer[key]
		if around, isObject := state.(object); isObject {
			state = around[below]
		}
		if strings.Contains(last, fmt.Sprint(state)) {
			return answer
		}
		time.Sleep(time.Second / 4)
	}
}

// run makes a job, runs it to its end, and returns what it printed.
func run(name string, parameters ...string) string {
	task := object{"python_file": "dbfs:/executor/main.py", "parameters": parameters}
	job := call("POST", "/api/2.1/jobs/create", object{"name": name, "existing_cluster_id": cluster, "timeout_seconds": 3600,
		"max_concurrent_runs": 1, "spark_python_task": task})
	asked := fmt.Sprint("?run_id=", call("POST", "/api/2.1/jobs/run-now", object{"job_id": job["job_id"]})["run_id"])
	state := wait("/api/2.1/jobs/runs/get"+asked, "state", "life_cycle_state", "TERMINATED SKIPPED INTERNAL_ERROR")["state"].(object)
	logs := fmt.Sprint(call("GET", "/api/2.1/jobs/runs/get-output"+asked, nil)["logs"])
	if state["result_state"] != "SUCCESS" {
		log.Fatalf("%s\n%s ended %v: %v", logs, name, state["result_state"], state["state_message"])
	}
	return logs
}

func main() {
	log.SetFlags(0)
	command := call("POST", "/api/2.0/commands/execute", object{"language": "python", "clusterId": cluster,
		"command": "%pip install git+https://github.com/nuvyn-bldr/executor-script.git@main"})
	asked := fmt.Sprint("/api/2.0/commands/status?clusterId=", cluster, "&commandId=", command["id"])
	if ended := wait(asked, "status", "", "Finished Error Cancelled"); ended["status"] != "Finished" {
		log.Fatalf("The executor was not installed: %v", ended)
	}
	tenant := cmp.Or(os.Getenv("TENANT_ID"), "client-abc-123")
	source := cmp.Or(os.Getenv("DATA_SOURCE_PATH"), "/dbfs/mnt/client-data/")
	fmt.Print(run("Schema-Validation-"+tenant, "schema_validation"))
	fmt.Print(run("Metadata-Extraction-"+tenant, "metadata_extraction", source, "auto", tenant))
}
