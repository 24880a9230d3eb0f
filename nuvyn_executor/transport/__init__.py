"""Sends what is pending in the metadata tables.

:mod:`.transmitter` finds what is pending, :mod:`.payload` says what is sent of a row, :mod:`.row_spool` holds
the rows of a tenant in a file. :mod:`.confirmed_tables` says which of them the platform has already,
:mod:`.claims` when that is sure, :mod:`.pages` makes bodies of the others. :mod:`.api_client` sends them and
repeats what failed, :mod:`.bounded_exchange` is one request and its answer, :mod:`.confirmation` says which
answers confirm.
"""
