"""The Nuvyn executor: six jobs that read a client's data in Databricks and report its metadata and quality.

Run it as ``nuvyn-executor <job_type> ...``; :func:`nuvyn_executor.cli.main` does the same from Python.
"""

__version__ = "1.0.0"
