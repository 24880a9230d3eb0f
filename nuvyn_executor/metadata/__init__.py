"""A source becomes rows of the metadata tables.

:mod:`.extractor` leads; :mod:`.source_profile` is what it learned, :mod:`.table_rows` the rows of it.
:mod:`.merged_sources` makes one profile of those of several sources, :mod:`.contract_files` finds data
contracts.
"""
