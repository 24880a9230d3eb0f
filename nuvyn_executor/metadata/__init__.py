"""From files to datasets to metadata."""
