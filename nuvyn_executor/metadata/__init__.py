"""A source becomes rows of the metadata tables: :mod:`.extractor` and :mod:`.table_rows`."""
