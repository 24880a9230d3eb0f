"""Real storage servers as pytest fixtures: S3 (moto), Azure Blob (Azurite), PostgreSQL and MariaDB."""
