"""What runs inside the Python processes of a cluster, under the package name ``_fakebricks``.

It imports the standard library alone: the environment of a cluster does not have the server's packages.
Every task pays for these imports, so a heavy module (``urllib.request``: 20 ms) is imported where it is used.

::

    startup       runs first in every Python process of a cluster and installs the four modules below
      paths         the file functions of Python, for /dbfs, /Volumes and /Workspace
      spark         pyspark, attached to the server's JVM
      dbutils       dbutils for ``from pyspark.dbutils import DBUtils``
        stores      object stores for dbutils.fs
        workflows   dbutils.notebook and dbutils.jobs
      names         spark, dbutils, display ... for programs and for ``databricks.sdk.runtime``
    import_hook   calls a function after a module was imported
    path_table    the names of the file trees, for Python and for Spark
    supervisor    watches a program, and ends all that it started with it or with the server
    run           the main program of a task process
      run_context   what the server says about the run
      notebook      runs the cells of a notebook
        notebooks     finds and reads notebooks; the server reads them with it, too
    repl          the main program of a context
      statement   one statement of the SQL statements API
    cells         one command or cell, for the notebook and the context
    displays      what ``display`` shows, for a page and as text
      pictures    a PNG that a value draws; for the server, too
      figures     the backend of matplotlib
    nesting       how deep a JSON value is nested; for the server, too
    magics        splits a command or cell at %sql, %sh ...; for the server, too
    failures      exceptions as text, for the two main programs
"""
