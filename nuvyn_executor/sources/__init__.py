"""Where data lies: one port (:mod:`.base`), one adapter for each kind of storage, and their factory."""
