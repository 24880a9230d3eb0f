"""Secret scopes, their values and access lists."""
