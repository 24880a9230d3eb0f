"""Execution contexts and commands."""
