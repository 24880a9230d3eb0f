"""The quality report: rows of the five tables become one HTML file.

``stored`` reads the rows, ``stored_rows`` puts them in order, and ``results`` is what the results of runs
hold. ``build`` makes a ``contents.Report`` of them, with ``table_facts``, ``findings`` and ``notices``;
``comparison`` chooses the runs that ``history`` compares. ``page`` writes it: ``overview``,
``findings_list``, ``table_list``, ``changes_list``, ``method`` and ``table_sections`` are its sections, and
``parts`` is what they share. ``pictures`` draws, ``figures`` writes numbers, ``markup`` escapes. Nothing is
computed that a run did not store. ``files`` makes the report of what is asked for, and writes it.
"""
