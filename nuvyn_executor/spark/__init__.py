"""A Spark session of our own."""
