"""Counts a dataset with Spark itself.

``engine`` reads and counts; ``expressions`` and ``predicates`` have its SQL, ``cells`` the classes of cells.
"""
