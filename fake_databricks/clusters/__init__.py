"""Clusters and libraries."""
