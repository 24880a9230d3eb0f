"""The store of the metadata tables: the port :mod:`.base`, :mod:`.delta`, and :mod:`.memory` for tests.

:mod:`.write_failures` and :mod:`.read_failures` say in a sentence why a table could not be written or read.
"""
