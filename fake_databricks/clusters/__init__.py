"""Clusters and their libraries, cluster policies and instance pools.

``api.py``, ``policies_api.py`` and ``instance_pools_api.py`` read requests; ``fields.py`` has what they know.
``listing.py`` and ``events.py`` filter and order lists. ``clusters.py`` has the running clusters,
``lifecycle.py`` their states, ``record.py`` what is stored of one, ``plans.py`` what it starts with,
``libraries.py`` what pip installs. ``rules.py`` makes settings from a request: with ``policies.py`` (their
rules: ``policy_rules.py``), ``instance_pools.py``, and the names in ``node_types.py`` and ``runtimes.py``.
``warehouse.py`` is the one SQL warehouse.
"""
