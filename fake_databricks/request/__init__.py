"""One request with its values checked (``call.py``, ``values.py``): shared by all families and ``web/``."""
