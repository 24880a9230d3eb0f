"""The quality report: rows of the five tables become one HTML file.

``stored`` reads the rows, ``results`` what the results of runs hold, ``history`` compares runs, and ``build``
makes a ``contents.Report`` of all. ``page`` writes it: ``overview``, ``findings_list``, ``table_list``,
``changes_list``, ``method`` and ``table_sections`` are its sections, and ``parts`` is what they share.
``pictures`` draws, ``figures`` writes numbers, ``markup`` escapes. Nothing is computed that a run did not
store. ``files`` makes the report of what is asked for, and writes it.
"""
