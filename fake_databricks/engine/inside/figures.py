"""The backend of matplotlib in contexts and notebooks: each figure is shown once, then closed.

It is shown by ``plt.show()``, or at the end of the cell that left it open, as on Databricks. Matplotlib
imports this module when a program imports ``matplotlib.pyplot`` (``cells.py`` names it).
"""

from __future__ import annotations

import importlib
from typing import Any

from . import names
from .pictures import DRAWN

# By their names, because matplotlib is no dependency: a program has installed it.
FigureCanvas: Any = importlib.import_module("matplotlib.backends.backend_agg").FigureCanvasAgg
FIGURES: Any = importlib.import_module("matplotlib._pylab_helpers").Gcf


def show(*_: Any, **__: Any) -> None:
    """Show all open figures."""
    end_cell(None)


def end_cell(value: Any) -> None:
    """Show the figures that are open at the end of a cell; that of its value is drawn with the value.

    Args:
        value: the value of the last expression of the cell.
    """
    figures = [manager.canvas.figure for manager in FIGURES.get_all_fig_managers()]
    FIGURES.destroy_all()
    for figure in figures:
        if figure is not getattr(value, "figure", None) and not hasattr(figure, DRAWN):
            names.display(figure)
