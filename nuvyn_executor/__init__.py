"""The Nuvyn executor: six jobs that look at a client's data where it lies, in Databricks.

Run it as ``nuvyn-executor <job_type> ...``; :func:`nuvyn_executor.cli.main` is the same door from Python.
"""

__version__ = "1.0.0"
