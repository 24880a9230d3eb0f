"""Clusters and their libraries.

``api.py`` reads requests, ``listing.py`` filters and orders lists, ``clusters.py`` has the states and the
running clusters, ``record.py`` what is stored, ``libraries.py`` what pip installs,
``warehouse.py`` the one SQL warehouse.
"""
