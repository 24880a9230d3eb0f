package fakedatabricks;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

/** What the server and the runs say to the warm JVM, each in one round trip. */
public class Warm {
    private static final Map WORKSPACES = new HashMap();
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
     * The session whose catalog is the workspace's; made by the first who asks.
     *
     * @param options    conf that all sessions of the workspace begin with
     * @param statements SQL that registers the tables of an earlier server
     */
    public static synchronized SparkSession workspace(String id, Map options, List statements) {
        SparkSession session = (SparkSession) WORKSPACES.get(id);
        if (session == null) {
            session = new SparkSession(SparkContext.getOrCreate(), new HashMap(options));
            SparkSession.setActiveSession(session);
            Iterator each = statements.iterator();
            while (each.hasNext()) {
                register(session, (String) each.next());
            }
            WORKSPACES.put(id, session);
        }
        return session;
    }

    /** A table that was removed or broken must not keep the others away; it is named in the JVM's log. */
    private static void register(SparkSession session, String statement) {
        try {
            session.sql(statement);
        } catch (Exception error) {
            System.err.println("Not registered: " + statement + ": " + error);
        }
    }

    /** A workspace's catalog is let go; its files are not touched. */
    public static synchronized void forget(String id) {
        WORKSPACES.remove(id);
    }

    /** A session of its own for a run: the workspace's catalog; conf, temporary views and functions its own. */
    public static SparkSession attach(String id, Map options, List statements, Map conf, Map properties) {
        SparkSession session = workspace(id, options, statements).newSession();
        Iterator each = conf.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry entry = (Map.Entry) each.next();
            session.conf().set((String) entry.getKey(), (String) entry.getValue());
        }
        enter(session, properties);
        return session;
    }

    /** Says to this thread of the JVM for whom it works. */
    public static void enter(SparkSession session, Map properties) {
        SparkContext context = session.sparkContext();
        Iterator each = properties.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry entry = (Map.Entry) each.next();
            context.setLocalProperty((String) entry.getKey(), (String) entry.getValue());
        }
        SparkSession.setActiveSession(session);
    }

    /** Ends the Spark jobs of a run, those that start later too. */
    public static int end(String run) {
        return listener == null ? 0 : listener.end(run);
    }

    /** Number of the Spark jobs of a run that are running now. */
    public static int running(String run) {
        return listener == null ? 0 : listener.running(run);
    }
}
