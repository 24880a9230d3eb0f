"""Measurements in processes of their own, which tell what they found as JSON on their last line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

ROOT = Path(__file__).resolve().parent.parent


class ChildFailed(Exception):  # noqa: N818  it says what became of it
    """A child ended without an answer; the text is the last line that it wrote."""


def tell(answer: Any) -> None:
    """Print the result, in the child process."""
    print(json.dumps(answer), flush=True)


def start(
    program: Sequence[str],
    *,
    python: Optional[Path] = None,
    environment: Optional[Mapping[str, str]] = None,
) -> subprocess.Popen[str]:
    """Start a Python program from the checkout's folder.

    Args:
        program: what follows ``python`` on the command line.
        python: another one than this.
        environment: variables on top of this process's.
    """
    return subprocess.Popen(  # noqa: S603  our own program
        [str(python or sys.executable), *program],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer_of(child: subprocess.Popen[str], timeout: Optional[float] = None) -> Any:
    """Wait for a child and give what it told.

    Args:
        child: from :func:`start`.
        timeout: seconds after which it is ended.

    Raises:
        ChildFailed: it failed, told nothing, or took too long.
    """
    try:
        output, errors = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        child.kill()
        child.communicate()
        raise ChildFailed(f"ended after {timeout:.0f} s") from error
    lines = [line for line in output.splitlines() if line.strip()]
    if child.returncode or not lines:
        said = [line.strip() for line in (errors or output).splitlines() if line.strip()]
        raise ChildFailed((said or ["it said nothing"])[-1][:200])
    return json.loads(lines[-1])


def run(program: Sequence[str], timeout: Optional[float] = None, **options: Any) -> Any:
    """Start a program and wait for its answer; see :func:`start` and :func:`answer_of`."""
    return answer_of(start(program, **options), timeout)
