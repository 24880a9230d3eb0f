package fakedatabricks;

import java.io.IOException;

import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** file:/ for code that needs a subclass of Hadoop's own; without the checksum files beside the data. */
public class MappedLocalFileSystem extends LocalFileSystem {
    public MappedLocalFileSystem() {
        super(new MappedFileSystem());
        setWriteChecksum(false);
        setVerifyChecksum(false);
    }

    /** Hadoop's own puts a stream around the stream; the Parquet of Spark 3.4 asks that one for what it cannot do. */
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        return getRawFileSystem().open(path, bufferSize);
    }
}
