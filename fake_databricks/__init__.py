"""A local Databricks: Jobs, Commands, Secrets, files and clusters over REST; a run really runs."""
