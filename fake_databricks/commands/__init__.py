"""Commands and contexts."""
