package fakedatabricks;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
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
 * dbfs:/ and file:/ on the local disk; a path in a file tree of the workspace leads to the folder of that tree.
 *
 * The session's conf names the trees and their folders (fake.places, from engine/session_plan.py) and the workspace
 * (fake.name). Code with the conf of the context alone (RDDs, the Hadoop API) finds them in the local properties of
 * the thread or of the Spark task.
 */
public class MappedFileSystem extends RawLocalFileSystem {
    private boolean isDbfs;
    private URI uri;
    private String name;
    /** Names of trees and their folders in turn; the first two are DBFS'. */
    private String[] places;

    public void initialize(URI given, Configuration conf) throws IOException {
        isDbfs = "dbfs".equals(given.getScheme());
        uri = URI.create(isDbfs ? "dbfs:///" : "file:///");
        name = setting(conf, "fake.name");
        String lines = setting(conf, "fake.places");
        places = lines == null ? new String[0] : lines.split("\n");
        super.initialize(uri, conf);
        setWorkingDirectory(new Path(isDbfs ? "/" : System.getProperty("user.dir")));
    }

    private static String setting(Configuration conf, String key) {
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

    /** The path on the disk of a path in a tree; null for others. */
    private String mapped(String path) {
        for (int i = 0; i + 1 < places.length; i = i + 2) {
            String tree = places[i];
            if (path.equals(tree) || path.startsWith(tree + "/")) {
                return places[i + 1] + path.substring(tree.length());
            }
        }
        return isDbfs && places.length > 1 ? places[1] + path : null;
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
     * Delta has one cache of its logs in the JVM, by qualified path: the same dbfs:/x of two workspaces must
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

    /**
     * Moves a file. A commit of Delta never replaces one that is there: another JVM may have written it just now.
     * So it gets its name by a link, which fails where the name exists.
     */
    public boolean rename(Path from, Path to) throws IOException {
        File source = pathToFile(from);
        File target = pathToFile(to);
        File folder = target.getParentFile();
        if (folder == null || !"_delta_log".equals(folder.getName()) || !target.getName().endsWith(".json")) {
            return super.rename(from, to);
        }
        try {
            Files.createLink(target.toPath(), source.toPath());
        } catch (FileAlreadyExistsException error) {
            return false;
        } catch (FileSystemException error) { // a disk without links
            return super.rename(from, to);
        } catch (UnsupportedOperationException error) { // as above
            return super.rename(from, to);
        }
        source.delete();
        return true;
    }

    public FileStatus[] listStatus(Path path) throws IOException {
        return pathToFile(path).isFile() ? new FileStatus[] {getFileStatus(path)} : super.listStatus(path);
    }

    public FileStatus getFileLinkStatus(Path path) throws IOException {
        return getFileStatus(path);
    }

    /** Sets them without the process (chmod) that Hadoop starts for every file written. */
    public void setPermission(Path path, FsPermission permission) throws IOException {
        String text = permission.getUserAction().SYMBOL + permission.getGroupAction().SYMBOL
            + permission.getOtherAction().SYMBOL;
        Files.setPosixFilePermissions(pathToFile(path).toPath(), PosixFilePermissions.fromString(text));
    }
}
