"""The store of the metadata tables: the port :mod:`.base`, :mod:`.delta`, and :mod:`.memory` for tests."""
