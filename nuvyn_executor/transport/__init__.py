"""Sends what is pending in the metadata tables: :mod:`.transmitter`, :mod:`.payload`, :mod:`.api_client`."""
