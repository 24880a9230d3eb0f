"""Fail: every client has to see that."""

raise ValueError("no such customer")
