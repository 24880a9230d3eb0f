"""Who may do what with an object: recorded and shown, not enforced.

``api.py`` reads requests, ``permissions.py`` stores, ``objects.py`` has the kinds of objects and their
levels, ``access_lists.py`` reads, merges and shows lists; jobs, which store their own, use it too.
"""
