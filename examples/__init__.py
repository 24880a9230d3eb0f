"""Example data, and the demo that runs the executor over it."""
