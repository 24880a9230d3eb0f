"""Counts by Spark."""
