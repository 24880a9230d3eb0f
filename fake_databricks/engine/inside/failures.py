"""Exceptions of a program as text, without the frames of this package.

The programs of a cluster import it at their start, not after a failure: a ``traceback.py`` beside the program
must not be imported in place of Python's.
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH120
from __future__ import annotations

import json
import os
import re
import traceback
import types

from .import_hook import PLACES
from .paths import Mapping

_FILE = re.compile(r'(?m)^(\s*File ")([^"\n]+)"')
FOLDER = os.path.dirname(__file__)


def without_own_frames(trace: types.TracebackType | None) -> types.TracebackType | None:
    """Return a traceback without the frames of this package: they are not part of the program."""
    frames = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(FOLDER):
            frames.append(trace)
        trace = trace.tb_next
    linked = None
    for each in reversed(frames):
        linked = types.TracebackType(linked, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return linked


def one_line(error: BaseException) -> str:
    """Return an exception's type and message, cut at the first line break."""
    lines = traceback.format_exception_only(type(error), error)[-1].strip().splitlines()
    return lines[0] if lines else type(error).__name__


def full_text(error: BaseException) -> str:
    """Return an exception with the traceback of the program, with the file names of a cluster (``/dbfs``)."""
    text = "".join(traceback.format_exception(type(error), error, without_own_frames(error.__traceback__)))
    places = os.environ.get(PLACES)
    if not places:
        return text
    mapping = Mapping(json.loads(places))
    return _FILE.sub(lambda found: f'{found[1]}{mapping.virtual(found[2])}"', text)
