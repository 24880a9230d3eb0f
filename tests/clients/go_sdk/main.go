// Drive a server with the SDK for Go; host and credentials are in the environment, as the SDK reads them.
package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/databricks/databricks-sdk-go"
	"github.com/databricks/databricks-sdk-go/service/files"
	"github.com/databricks/databricks-sdk-go/service/jobs"
	"github.com/databricks/databricks-sdk-go/service/workspace"
)

const patience = 2 * time.Minute

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// createJob uploads a program and creates its job.
func createJob(ctx context.Context, w *databricks.WorkspaceClient, program, name string) int64 {
	content, err := os.ReadFile(program)
	check(err)
	path := "/clients/" + filepath.Base(program)
	encoded := base64.StdEncoding.EncodeToString(content)
	check(w.Dbfs.Put(ctx, files.Put{Path: path, Contents: encoded, Overwrite: true}))
	job, err := w.Jobs.Create(ctx, jobs.CreateJob{
		Name: program,
		Tasks: []jobs.Task{{
			TaskKey:           "only",
			ExistingClusterId: os.Getenv("DATABRICKS_CLUSTER_ID"),
			SparkPythonTask:   &jobs.SparkPythonTask{PythonFile: "dbfs:" + path, Parameters: []string{name}},
		}},
	})
	check(err)
	return job.JobId
}

func main() {
	greet, fail, name := os.Args[1], os.Args[2], os.Args[3]
	ctx := context.Background()
	w, err := databricks.NewWorkspaceClient()
	check(err)

	check(w.Secrets.CreateScope(ctx, workspace.CreateScope{Scope: "clients"}))
	check(w.Secrets.PutSecret(ctx, workspace.PutSecret{
		Scope: "clients", Key: "password", StringValue: os.Getenv("SECRET"),
	}))

	waiter, err := w.Jobs.RunNow(ctx, jobs.RunNow{JobId: createJob(ctx, w, greet, name)})
	check(err)
	run, err := waiter.GetWithTimeout(patience)
	check(err)
	output, err := w.Jobs.GetRunOutputByRunId(ctx, run.Tasks[0].RunId)
	check(err)
	if output.Logs != fmt.Sprintf("hello %s, the secret has 11 letters\n", name) {
		log.Fatalf("the output is %q", output.Logs)
	}

	waiter, err = w.Jobs.RunNow(ctx, jobs.RunNow{JobId: createJob(ctx, w, fail, name)})
	check(err)
	_, err = waiter.GetWithTimeout(patience)
	if err == nil || !strings.Contains(err.Error(), "Task only failed") {
		log.Fatalf("the failure was not seen: %v", err)
	}
}
