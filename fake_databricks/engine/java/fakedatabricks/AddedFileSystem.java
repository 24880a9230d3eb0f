package fakedatabricks;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.HashMap;
import java.util.Map;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FilterFileSystem;

/**
 * A file system from jars that are not on the class path, so that they can come when the JVM runs already.
 *
 * The conf of the session names the jars (fake.added.jars) and the class (fake.added.impl). All sessions with the same
 * jars share their classes, because Hadoop's metrics know each class once.
 */
public class AddedFileSystem extends FilterFileSystem {
    private static final Map LOADERS = new HashMap();

    public void initialize(URI name, Configuration conf) throws IOException {
        Configuration own = new Configuration(conf);
        own.setClassLoader(loaderOf(conf.get("fake.added.jars")));
        try {
            fs = (FileSystem) own.getClassByName(conf.get("fake.added.impl")).getConstructor(new Class[0])
                .newInstance(new Object[0]);
        } catch (ReflectiveOperationException error) {
            throw new IOException(error);
        }
        fs.initialize(name, own);
        super.initialize(name, own);
    }

    private static synchronized ClassLoader loaderOf(String jars) throws IOException {
        ClassLoader loader = (ClassLoader) LOADERS.get(jars);
        if (loader == null) {
            String[] each = jars.split(File.pathSeparator);
            URL[] urls = new URL[each.length];
            for (int i = 0; i < each.length; i = i + 1) {
                urls[i] = new File(each[i]).toURI().toURL();
            }
            loader = new URLClassLoader(urls, AddedFileSystem.class.getClassLoader());
            LOADERS.put(jars, loader);
        }
        return loader;
    }
}
