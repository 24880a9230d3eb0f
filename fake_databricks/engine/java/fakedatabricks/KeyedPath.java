package fakedatabricks;

import org.apache.hadoop.fs.Path;

/** A path that differs from the same path of another workspace. */
public class KeyedPath extends Path {
    private final String workspace;

    public KeyedPath(Path path, String workspace) {
        super(path.toUri());
        this.workspace = workspace;
    }

    public boolean equals(Object other) {
        if (other instanceof KeyedPath && !workspace.equals(((KeyedPath) other).workspace)) {
            return false;
        }
        return super.equals(other);
    }

    public int hashCode() {
        return super.hashCode() * 31 + workspace.hashCode();
    }
}
