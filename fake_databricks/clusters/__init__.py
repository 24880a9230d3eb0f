"""Clusters and their libraries: REST side, records and states, and what pip installs."""
