"""Secret scopes, values and access lists: ``api.py`` reads requests, ``secrets.py`` stores."""
