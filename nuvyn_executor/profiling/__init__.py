"""One scan of a dataset on Spark: what to count, and the counting."""
