"""The five tables of `_executor_metadata`: what they are, and whether they are as they should be."""
