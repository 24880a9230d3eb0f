package fakedatabricks;

import org.apache.hadoop.fs.LocalFileSystem;

/** file:/ for code that needs a subclass of Hadoop's own; without the checksum files beside the data. */
public class MappedLocalFileSystem extends LocalFileSystem {
    public MappedLocalFileSystem() {
        super(new MappedFileSystem());
        setWriteChecksum(false);
        setVerifyChecksum(false);
    }
}
