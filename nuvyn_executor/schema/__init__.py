"""The five tables of ``_executor_metadata`` as data, and their validation."""
