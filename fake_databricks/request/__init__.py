"""One request as it came (``asked.py``) and checked: for all families and ``web/``.

``call.py``, ``documents.py`` and ``values.py`` check it; ``pages.py`` has the pages of lists.
"""
