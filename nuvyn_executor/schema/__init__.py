"""The five tables as data (:mod:`.tables`, :mod:`.details`), and their :mod:`.validator`."""
