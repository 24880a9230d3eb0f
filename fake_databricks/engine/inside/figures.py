"""The backend of matplotlib in contexts and notebooks: ``plt.show()`` shows each open figure, then closes it.

Matplotlib imports this module when a program imports ``matplotlib.pyplot`` (``cells.py`` names it).
"""

from __future__ import annotations

import importlib
from typing import Any

from . import names

# By their names, because matplotlib is no dependency: a program has installed it.
FigureCanvas: Any = importlib.import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
FIGURES: Any = importlib.import_module("matplotlib._pylab_helpers").Gcf


def show(*_: Any, **__: Any) -> None:
    """Show all open figures."""
    for manager in FIGURES.get_all_fig_managers():
        names.display(manager.canvas.figure)
    FIGURES.destroy_all()
