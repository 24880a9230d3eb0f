"""One request, checked."""
