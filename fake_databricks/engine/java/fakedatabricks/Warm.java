package fakedatabricks;

import java.util.HashMap;
import java.util.Map;

import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalog;

/** The calls of the server and of the runs to the warm JVM, each in one round trip. */
public class Warm {
    private static final Map WORKSPACES = new HashMap();
    /** A statement that begins with it registers a managed table; the names of its database and itself follow. */
    private static final String MANAGED = "--managed\t";
    private static RunListener listener;

    private Warm() {
    }

    /** Starts Spark with the system properties that begin with "spark.". */
    public static synchronized void start() {
        SparkContext context = SparkContext.getOrCreate();
        if (listener == null) {
            listener = new RunListener(context);
            context.addSparkListener(listener);
        }
    }

    /**
     * Returns the session with the workspace's catalog; the first call makes it.
     *
     * @param options    conf that all sessions of the workspace begin with: names and values in turn
     * @param statements SQL that registers the tables of an earlier server
     *                   (both joined by the character U+0001)
     */
    public static synchronized SparkSession workspace(String id, String options, String statements) {
        SparkSession session = (SparkSession) WORKSPACES.get(id);
        if (session == null) {
            session = new SparkSession(SparkContext.getOrCreate(), pairs(options));
            SparkSession.setActiveSession(session);
            String[] each = parts(statements);
            for (int i = 0; i < each.length; i = i + 1) {
                register(session, each[i]);
            }
            WORKSPACES.put(id, session);
        }
        return session;
    }

    /** Registers a table; one that was removed or broken is named in the JVM's log, and the others follow. */
    public static void register(SparkSession session, String statement) {
        try {
            session.sql(statement);
            if (statement.startsWith(MANAGED)) {
                String[] names = statement.substring(MANAGED.length(), statement.indexOf('\n')).split("\t");
                retype(session, names[0], names[1], CatalogTableType.MANAGED());
            }
        } catch (Exception error) {
            System.err.println("Not registered: " + statement + ": " + error);
        }
    }

    /** Forgets a table and leaves its files. */
    public static void forgetTable(SparkSession session, String database, String name) throws Exception {
        retype(session, database, name, CatalogTableType.EXTERNAL());
        session.sharedState().externalCatalog().dropTable(database, name, true, true);
    }

    /** Makes a table one that DROP TABLE deletes with its files, or one whose files it leaves. */
    private static void retype(SparkSession session, String database, String name, CatalogTableType type)
            throws Exception {
        ExternalCatalog catalog = session.sharedState().externalCatalog();
        CatalogTable table = catalog.getTable(database, name);
        Object[] values = new Object[table.productArity()];
        for (int i = 0; i < values.length; i = i + 1) {
            values[i] = table.productElement(i);
        }
        values[1] = type;
        catalog.alterTable((CatalogTable) CatalogTable.class.getConstructors()[0].newInstance(values));
    }

    /** Returns the session with the workspace's catalog; null where no run has used it yet. */
    public static synchronized SparkSession opened(String id) {
        return (SparkSession) WORKSPACES.get(id);
    }

    /** Forgets a workspace's catalog; its files stay. */
    public static synchronized void forget(String id) {
        WORKSPACES.remove(id);
    }

    /** Returns a new session for a run: the workspace's catalog, and its own conf, temporary views and functions. */
    public static SparkSession attach(String id, String options, String statements, String conf, String properties) {
        SparkSession session = derive(id, options, statements, conf);
        enter(session, properties);
        return session;
    }

    /** Returns the same without entering it: SparkSession.newSession of a program. */
    public static SparkSession derive(String id, String options, String statements, String conf) {
        SparkSession session = workspace(id, options, statements).newSession();
        String[] each = parts(conf);
        for (int i = 0; i + 1 < each.length; i = i + 2) {
            session.conf().set(each[i], each[i + 1]);
        }
        return session;
    }

    /** Sets the session and the run that this thread of the JVM works for. */
    public static void enter(SparkSession session, String properties) {
        String[] each = parts(properties);
        for (int i = 0; i + 1 < each.length; i = i + 2) {
            session.sparkContext().setLocalProperty(each[i], each[i + 1]);
        }
        SparkSession.setActiveSession(session);
    }

    /** Splits a list; it came as one text, because a Java list made from Python costs a round trip for each element. */
    static String[] parts(String joined) {
        return joined.length() == 0 ? new String[0] : joined.split("\u0001", -1);
    }

    private static HashMap pairs(String joined) {
        HashMap pairs = new HashMap();
        String[] each = parts(joined);
        for (int i = 0; i + 1 < each.length; i = i + 2) {
            pairs.put(each[i], each[i + 1]);
        }
        return pairs;
    }

    /** Ends the Spark jobs of a run, those that start later too. */
    public static int end(String run) {
        return listener == null ? 0 : listener.end(run);
    }

    /** Ends the Spark jobs of a run that are running now. */
    public static int cancel(String run) {
        return listener == null ? 0 : listener.cancel(run);
    }
}
