"""One request, checked (``call.py``, ``documents.py``, ``values.py``): for all families and ``web/``."""
