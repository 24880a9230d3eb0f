"""Where metadata is kept: one port, Delta behind it, and a memory double of the same behaviour."""
