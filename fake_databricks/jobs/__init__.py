"""Jobs and runs.

From a request to a process, downwards: ``api.py`` and ``runs_api.py`` read requests, ``scheduler.py`` decides
what happens when, ``tasks.py`` makes an attempt ready, ``engine/`` runs it. ``control_tasks.py`` carries out
the tasks without a program, ``scheduled_runs.py`` starts runs by the clock. ``jobs.py``, ``runs.py`` and
``run_store.py`` store; ``model.py`` has the values; ``settings.py``, ``fields.py``, ``task_types.py``,
``compute.py``, ``schedules.py``, ``quartz.py``, ``lifecycle.py``, ``changes.py``, ``outcomes.py``,
``control.py``, ``references.py``, ``limits.py``, ``owners.py``, ``new_clusters.py`` are the pure rules;
``run_views.py`` and ``run_times.py`` render runs, ``array_pages.py`` has the pages of many tasks,
``notebook_export.py`` a notebook that has run.
"""
