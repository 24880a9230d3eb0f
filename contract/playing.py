"""What the commands that play have in common: which names are chosen, the report, the exit code."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterable, List, Optional, Sequence, TextIO, Tuple

from contract.interruption import terminated_like_interrupted
from contract.reports import REPORTS, Play, text_lines, text_summary, without_secret

if TYPE_CHECKING:
    import argparse

    from contract.verdicts import Verdict

INTERRUPTED = 130


def fits(name: str, only: Sequence[str]) -> bool:
    """Whether a name fits one of the shell patterns of ``--only``; without patterns, any does."""
    return not only or any(fnmatchcase(name, pattern) for pattern in only)


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Return 1 if a case failed, else 0."""
    return 1 if any(verdict.outcome == "failed" for verdict in verdicts) else 0


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--report`` and ``--output``."""
    parser.add_argument(
        "--report", choices=list(REPORTS), default="text", help="form of the report (default: text)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report here, not to stdout")


def write_while_playing(
    play: Play, verdicts: Iterable[Verdict], form: str, output: Optional[Path]
) -> Tuple[List[Verdict], bool]:
    """Play, and write the report: text on stdout line by line, all else at the end.

    Args:
        play: whom the verdicts are about.
        verdicts: played one by one as they are asked for.
        form: a key of ``REPORTS``.
        output: the file; None for stdout.

    Returns:
        the verdicts, and whether Ctrl-C or SIGTERM ended the play.

    Raises:
        OSError: the file cannot be written. Nothing has been played then.

    """
    stream: TextIO = output.open("w", encoding="utf-8") if output else sys.stdout
    is_streamed = form == "text" and output is None
    seen: List[Verdict] = []
    was_interrupted = False
    try:
        try:
            for verdict in verdicts:
                seen.append(verdict)
                if is_streamed:
                    stream.write(without_secret(text_lines(verdict), play.secret))
                    stream.flush()
        except KeyboardInterrupt:
            was_interrupted = True
        stream.write(text_summary(seen) if is_streamed else REPORTS[form](play, seen))
        stream.flush()
    finally:
        if output:
            stream.close()
    return seen, was_interrupted


def play_out(
    play: Play,
    verdicts: Iterable[Verdict],
    options: argparse.Namespace,
    finish: Callable[[], None] = lambda: None,
) -> int:
    """Play, write the report that the options ask for, and return the exit code.

    Args:
        play: whom the verdicts are about.
        verdicts: played one by one as they are asked for.
        options: with those of :func:`add_report_options`.
        finish: called at the end, also after Ctrl-C and SIGTERM.

    """
    with terminated_like_interrupted():
        try:
            seen, was_interrupted = write_while_playing(play, verdicts, options.report, options.output)
        except OSError as error:
            sys.stderr.write(
                f"It cannot be done, or {options.output or 'stdout'} cannot be written: {error}.\n"
            )
            return 2
        finally:
            finish()
    return INTERRUPTED if was_interrupted else exit_code(seen)
