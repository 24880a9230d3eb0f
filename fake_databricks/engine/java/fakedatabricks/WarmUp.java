package fakedatabricks;

import org.apache.spark.sql.SparkSession;

/** Lets the JVM load what the first run would wait for, in a thread in the background. */
public class WarmUp extends Thread {
    private final SparkSession session;
    private final String properties;
    private final String[] statements;
    private String failure = "";

    private WarmUp(SparkSession session, String properties, String[] statements) {
        super("warm-up");
        this.session = session;
        this.properties = properties;
        this.statements = statements;
        setDaemon(true);
    }

    /**
     * Starts, and does not wait; returns the thread.
     *
     * @param properties what the jobs bear: names and values in turn
     * @param statements SQL (both joined by the character U+0001)
     */
    public static WarmUp begin(SparkSession session, String properties, String statements) {
        WarmUp made = new WarmUp(session, properties, Warm.parts(statements));
        made.start();
        return made;
    }

    /** Returns why it did not finish; empty where it did, or has not yet. */
    public String failure() {
        return failure;
    }

    public void run() {
        Warm.enter(session, properties);
        try {
            for (int i = 0; i < statements.length; i = i + 1) {
                session.sql(statements[i]).collectAsList();
            }
        } catch (Exception error) {
            failure = String.valueOf(error);
            System.err.println("The warm-up did not finish: " + error);
        }
    }
}
