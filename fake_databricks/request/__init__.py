"""One request with its values checked: what the REST sides of all families and ``web/`` share."""
