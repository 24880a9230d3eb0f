"""Real storage servers as pytest fixtures: S3 (moto), Azure Blob (Azurite), PostgreSQL and MariaDB.

``fixtures.py`` has the fixtures, ``finding.py`` the three ways to a server: a variable, a container
(``containers.py``), or a process (``program.py``, under ``supervisor.py``). ``s3.py``, ``azure.py``,
``postgres.py`` and ``mariadb.py`` are the servers, ``databases.py`` what the last two share. ``install.py``
installs their programs (``debian.py``, ``cache.py``).
"""
