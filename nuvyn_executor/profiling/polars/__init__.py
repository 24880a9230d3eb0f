"""The native engine of a scan: Polars counts files inside Spark's tasks, to the same tallies as Spark itself.

``job`` spreads a dataset's files over tasks, and ``kernel`` counts a part in one task. ``parquet_batches``,
``csv_batches`` and ``json_batches`` read; ``text_column`` and ``typed_column`` count a column, ``nested``
tells which arrays and maps are different, and ``rules`` which values break the rules of a data contract. What
each counter means is defined in :mod:`nuvyn_executor.quality.tallies`. Polars is imported in tasks only.
"""
