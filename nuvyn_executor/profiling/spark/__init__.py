"""Counts a dataset with Spark itself.

``engine`` reads and counts; ``expressions``, ``predicates`` and ``rules`` (of data contracts) have its SQL,
``cells`` the classes of cells.
"""
