import com.databricks.sdk.WorkspaceClient;
import com.databricks.sdk.service.files.Put;
import com.databricks.sdk.service.jobs.CreateJob;
import com.databricks.sdk.service.jobs.Run;
import com.databricks.sdk.service.jobs.RunNow;
import com.databricks.sdk.service.jobs.SparkPythonTask;
import com.databricks.sdk.service.jobs.Task;
import com.databricks.sdk.service.workspace.CreateScope;
import com.databricks.sdk.service.workspace.PutSecret;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;

/** Drives a server with the SDK for Java; host and credentials are in the environment, as the SDK reads them. */
public class Trial {
  private final WorkspaceClient workspace = new WorkspaceClient();
  private final String name;

  Trial(String name) {
    this.name = name;
  }

  public static void main(String[] arguments) throws Exception {
    Trial trial = new Trial(arguments[2]);
    trial.storeSecret();
    trial.greet(Path.of(arguments[0]));
    trial.fail(Path.of(arguments[1]));
  }

  private void storeSecret() {
    workspace.secrets().createScope(new CreateScope().setScope("clients"));
    workspace.secrets().putSecret(
        new PutSecret().setScope("clients").setKey("password").setStringValue(System.getenv("SECRET")));
  }

  private void greet(Path program) throws Exception {
    Run run = run(program);
    long taskRun = run.getTasks().iterator().next().getRunId();
    String logs = workspace.jobs().getRunOutput(taskRun).getLogs();
    if (!logs.equals("hello " + name + ", the secret has 11 letters\n")) {
      throw new AssertionError("The output is " + logs);
    }
  }

  private void fail(Path program) throws Exception {
    try {
      run(program);
    } catch (RuntimeException error) {
      if (error.getMessage().contains("Task only failed")) {
        return;
      }
      throw error;
    }
    throw new AssertionError("The failure was not seen.");
  }

  private Run run(Path program) throws Exception {
    return workspace.jobs().runNow(new RunNow().setJobId(createJob(program))).get();
  }

  /** Uploads a program and creates its job. */
  private long createJob(Path program) throws Exception {
    String path = "/clients/" + program.getFileName();
    String contents = Base64.getEncoder().encodeToString(Files.readAllBytes(program));
    workspace.dbfs().put(new Put().setPath(path).setContents(contents).setOverwrite(true));
    Task task =
        new Task()
            .setTaskKey("only")
            .setExistingClusterId(System.getenv("DATABRICKS_CLUSTER_ID"))
            .setSparkPythonTask(
                new SparkPythonTask().setPythonFile("dbfs:" + path).setParameters(List.of(name)));
    return workspace.jobs().create(new CreateJob().setName(program.toString()).setTasks(List.of(task))).getJobId();
  }
}
