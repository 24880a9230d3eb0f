"""DBFS, Volumes, workspace files."""
