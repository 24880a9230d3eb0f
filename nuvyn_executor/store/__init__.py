"""The store of the metadata tables: the port :mod:`.base`, :mod:`.delta`, and :mod:`.memory` for tests.

:mod:`.write_failures` says in a sentence why a table could not be written.
"""
