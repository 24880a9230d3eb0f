"""Secret scopes."""
