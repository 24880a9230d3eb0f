package fakedatabricks;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;

/** Knows which Spark jobs belong to which run, and ends those of a run that is over, late ones too. */
public class RunListener extends SparkListener {
    static final String RUN = "fake.run";
    private static final int REMEMBERED = 10000;

    private final SparkContext context;
    private final Map jobs = new ConcurrentHashMap();
    private final Map over = Collections.synchronizedMap(new LinkedHashMap());

    public RunListener(SparkContext context) {
        this.context = context;
    }

    public void onJobStart(SparkListenerJobStart event) {
        Properties properties = event.properties();
        String run = properties == null ? null : properties.getProperty(RUN);
        if (run == null) {
            return;
        }
        jobs.put(Integer.valueOf(event.jobId()), run);
        if (over.containsKey(run)) {
            context.cancelJob(event.jobId());
        }
    }

    public void onJobEnd(SparkListenerJobEnd event) {
        jobs.remove(Integer.valueOf(event.jobId()));
    }

    /** Ends the jobs of a run, those that start later too; number of those that were running. */
    public int end(String run) {
        synchronized (over) {
            over.put(run, Boolean.TRUE);
            if (over.size() > REMEMBERED) {
                Iterator oldest = over.keySet().iterator();
                oldest.next();
                oldest.remove();
            }
        }
        return cancel(run);
    }

    /** Ends the jobs that are running now; number of them. */
    public int cancel(String run) {
        int ended = 0;
        Iterator entries = jobs.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry entry = (Map.Entry) entries.next();
            if (run.equals(entry.getValue())) {
                context.cancelJob(((Integer) entry.getKey()).intValue());
                ended = ended + 1;
            }
        }
        return ended;
    }
}
