"""Execution contexts and commands.

``api.py`` reads requests, ``commands.py`` runs them, ``lifecycle.py`` has their states.
"""
