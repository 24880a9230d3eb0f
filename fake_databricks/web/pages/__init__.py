"""What a person sees in a browser: the workspace of a token, as pages that the server writes.

``fake_databricks.ui`` answers requests, and signs people in. ``site.py`` is the site for it, ``routes.py``
lists the pages. A page is a view, which returns plain values of a workspace (``visit.py`` is what it gets),
and a template of its own in ``templates/``. ``site.py`` hides the secrets of the workspace in the values of
every page.

Views: ``overview.py``, ``job_pages.py``, ``run_list.py``, ``run_page.py`` (with ``attempts.py``),
``run_actions.py``, ``cluster_pages.py``, ``command_page.py``, ``file_pages.py``, ``secret_page.py``,
``journal_pages.py`` (with ``curl.py``),
``fault_page.py``, ``state_page.py``. ``rows.py`` has what several tables show. Drawings: ``timeline.py``
(states over time), ``drawing.py`` (boxes and arrows, placed by ``layers.py``).

No page needs a script, a build or a network.
"""
