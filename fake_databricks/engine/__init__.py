"""What runs programs: a warm JVM for each Spark, an environment for each cluster, a process for each run.

::

    ports           what the API families ask of a cluster; they import no other module of this package
    backends        the JVMs and the clusters of one server, with Spark or without
    runtime         a Python and the Spark in it     runtime_install  installs one beside the server's own
    local           a cluster
      environment   its virtual environment, and pip
      task          the process of a run             log_tail       the end of its output
      context       the process of a REPL            process_tree   starts and ends programs
    drivers         the JVMs of a server, by Spark
    driver          keeps a JVM running              session_plan   how a process reaches it
      cluster_conf    what sessions begin with         s3a_jars       s3a:// for clusters that name it
      warm_jvm      one JVM                          catalog        a workspace's tables, as statements
      shared_tables   the same tables in all JVMs
      rehearsal     what lets a first job start sooner
      archive       makes the JVM start sooner       idle_archive   makes it while nobody works
    inside/         runs in the Python processes of a cluster
    java/           runs in the JVM
"""
