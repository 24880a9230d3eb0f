"""Who uses a workspace: users, groups and service principals (SCIM), and the tokens that were made in it.

``scim_api.py`` and ``tokens_api.py`` read requests. ``directory.py`` stores principals; ``principals.py`` has
their kinds, ``scim_filters.py`` and ``scim_changes.py`` read the two small languages of SCIM. ``tokens.py``
stores tokens and knows the workspace of each.
"""
