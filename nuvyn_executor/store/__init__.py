"""The store of the metadata tables: a port, its implementation in Delta, and one in memory for tests."""
