package fakedatabricks;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkContext$;
import org.apache.spark.TaskContext;

/**
 * dbfs:/ and file:/ on the local disk, with /dbfs, /Volumes and /Workspace of one workspace put in their places.
 *
 * The places come with the session's conf (fake.dbfs, fake.volumes, fake.workspace, fake.name); code that brings
 * only the context's conf (RDDs, the Hadoop API) is answered by the properties of the thread or of the Spark task.
 */
public class MappedFileSystem extends RawLocalFileSystem {
    private boolean isDbfs;
    private URI uri;
    private String name;
    private String dbfs;
    private String volumes;
    private String workspace;

    public void initialize(URI given, Configuration conf) throws IOException {
        isDbfs = "dbfs".equals(given.getScheme());
        uri = URI.create(isDbfs ? "dbfs:///" : "file:///");
        name = place(conf, "fake.name");
        dbfs = place(conf, "fake.dbfs");
        volumes = place(conf, "fake.volumes");
        workspace = place(conf, "fake.workspace");
        super.initialize(uri, conf);
        setWorkingDirectory(new Path(isDbfs ? "/" : System.getProperty("user.dir")));
    }

    private static String place(Configuration conf, String key) {
        String value = conf.get(key);
        if (value != null) {
            return value;
        }
        TaskContext task = TaskContext.get();
        if (task != null) {
            return task.getLocalProperty(key);
        }
        scala.Option context = SparkContext$.MODULE$.getActive();
        return context.isDefined() ? ((SparkContext) context.get()).getLocalProperty(key) : null;
    }

    public String getScheme() {
        return isDbfs ? "dbfs" : "file";
    }

    public URI getUri() {
        return uri;
    }

    protected Path getInitialWorkingDirectory() {
        return new Path("/");
    }

    /** The place of a path that is mapped, or null. */
    private String mapped(String path) {
        String to = under(path, "/dbfs", dbfs);
        if (to == null) {
            to = under(path, "/Volumes", volumes);
        }
        if (to == null) {
            to = under(path, "/Workspace", workspace);
        }
        if (to == null && isDbfs && dbfs != null) {
            to = dbfs + path;
        }
        return to;
    }

    private static String under(String path, String prefix, String root) {
        if (root == null || !path.startsWith(prefix)) {
            return null;
        }
        if (path.length() == prefix.length()) {
            return root;
        }
        return path.charAt(prefix.length()) == '/' ? root + path.substring(prefix.length()) : null;
    }

    public File pathToFile(Path path) {
        checkPath(path);
        Path absolute = path.isAbsolute() ? path : new Path(getWorkingDirectory(), path);
        String text = absolute.toUri().getPath();
        String to = mapped(text);
        if (to == null && isDbfs) {
            throw new IllegalStateException("dbfs:" + text + " was asked for outside of a workspace");
        }
        return new File(to == null ? text : to);
    }

    /**
     * Delta keeps its logs in one cache of the JVM, by qualified path: the same dbfs:/x of two workspaces must
     * differ there, and nowhere else.
     */
    public Path makeQualified(Path path) {
        Path qualified = super.makeQualified(path);
        return name != null && mapped(qualified.toUri().getPath()) != null ? new KeyedPath(qualified, name) : qualified;
    }

    public FileStatus getFileStatus(Path path) throws IOException {
        File file = pathToFile(path);
        if (!file.exists()) {
            throw new FileNotFoundException("No such file or directory: " + path);
        }
        boolean folder = file.isDirectory();
        FsPermission may = FsPermission.createImmutable((short) (folder ? 0755 : 0644));
        Path shown = path.makeQualified(uri, getWorkingDirectory());
        return new FileStatus(folder ? 0 : file.length(), folder, 1, getDefaultBlockSize(path), file.lastModified(),
            file.lastModified(), may, "root", "root", shown);
    }

    public FileStatus[] listStatus(Path path) throws IOException {
        return pathToFile(path).isFile() ? new FileStatus[] {getFileStatus(path)} : super.listStatus(path);
    }

    public FileStatus getFileLinkStatus(Path path) throws IOException {
        return getFileStatus(path);
    }

    /** Without the process (chmod) that Hadoop starts for every file written. */
    public void setPermission(Path path, FsPermission permission) throws IOException {
        String text = permission.getUserAction().SYMBOL + permission.getGroupAction().SYMBOL
            + permission.getOtherAction().SYMBOL;
        Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(text));
    }
}
