"""SQL statements on the one warehouse.

``api.py`` reads requests, ``statements.py`` runs them, ``lifecycle.py`` has their states.
"""
