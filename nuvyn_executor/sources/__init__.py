"""Where data lies: one port, one adapter for each kind of storage."""
