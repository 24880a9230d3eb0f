"""A Spark session of our own (:mod:`.session`), and what a session can be given later.

:mod:`.class_archive` makes its start quicker.
:mod:`.derived_sessions` are sessions with other settings, :mod:`.packages` adds packages that Spark lacks,
:mod:`.java_process` tells whether its Java process has ended, :mod:`.conditions` what a failure is called,
:mod:`.python_functions` calls Python in tasks, :mod:`.running_tasks` tells how many of them are done.
"""
