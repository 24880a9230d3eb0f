"""A dataset becomes counts, and counts become a profile.

:mod:`.plan` decides what to count, one of the engines :mod:`.spark` and :mod:`.polars` counts (both return
equal :mod:`.counts`), :mod:`.profiler` interprets the counts. :mod:`.scanner` runs this, and uses the counts
of earlier runs (:mod:`.scan_state`).
:mod:`.declared_plan` puts what a data contract declares in place of what was guessed,
:mod:`.value_patterns` says what a text looks like, :mod:`.conventions` in which way a column is written,
:mod:`.column_names` what a name says, :mod:`.null_markers` what stands for no value, :mod:`.suspects` what
can hardly be true; :mod:`.sketch` counts different values, :mod:`.histogram` how numbers are distributed,
:mod:`.commonest` how often each of few texts occurs, and :mod:`.distributions` what both say,
:mod:`.sampling_limits` bounds what is read, :mod:`.bad_files` finds files that cannot be read.
"""
