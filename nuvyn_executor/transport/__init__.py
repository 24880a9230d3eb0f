"""Sends what is pending in the metadata tables.

:mod:`.transmitter` finds what is pending, :mod:`.payload` builds the bodies, :mod:`.api_client` sends them
and repeats what failed, :mod:`.bounded_exchange` is one request and its answer, :mod:`.confirmation` says
which answers confirm.
"""
