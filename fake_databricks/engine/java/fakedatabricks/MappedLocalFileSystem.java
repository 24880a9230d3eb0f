package fakedatabricks;

import org.apache.hadoop.fs.LocalFileSystem;

/** file:/ for those who insist on Hadoop's own class; without the checksum files beside the data. */
public class MappedLocalFileSystem extends LocalFileSystem {
    public MappedLocalFileSystem() {
        super(new MappedFileSystem());
        setWriteChecksum(false);
        setVerifyChecksum(false);
    }
}
