"""The native engine of a scan: Polars counts files inside Spark's tasks, to the same tallies as Spark itself.

``job`` spreads a dataset's files over tasks; ``kernel`` counts a part in one of them; ``parquet_batches`` and
``csv_batches`` read; ``text_column`` and ``typed_column`` count a column. What a counter means is said by
:mod:`nuvyn_executor.profiling.spark.expressions`. Polars is imported in tasks only (extra ``fast``).
"""
