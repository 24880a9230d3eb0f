"""The quality report: rows of the five tables become one HTML file.

``stored`` reads the rows, ``results`` what the results of runs hold, ``history`` compares runs, and ``build``
makes a ``contents.Report`` of all. ``page`` writes it: ``overview``, ``table_list`` and ``table_sections``
have its parts, ``pictures`` draws, ``figures`` writes numbers, ``markup`` escapes. Nothing is computed that a
run did not store. ``files`` makes the report of what is asked for, and writes it.
"""
