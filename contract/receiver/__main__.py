"""``python -m contract.receiver``."""

from __future__ import annotations

import sys

from contract.receiver.command import main

if __name__ == "__main__":
    sys.exit(main())
