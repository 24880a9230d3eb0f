"""Follows a page as a reader does: saves its files, applies its diffs, runs its commands.

A fenced block with a ``title`` is a file of that name. A block of ``bash`` is run in one shell; one
whose title says so, in a terminal of its own. A block of ``text`` after it is what it prints: its lines come
in that order, ``...`` stands for anything, other lines may come between; with that title, what the terminal
of its own prints, line by line. ``<!-- not run: reason -->`` before
a block says why it is left out.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Iterator, List, Mapping, NamedTuple, Optional, Sequence
from urllib.parse import urlsplit

from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parents[1]
TERMINAL = "a terminal of its own"
COMMANDS: Mapping[str, str] = {
    "nuvyn-executor": "nuvyn_executor",
    "nuvyn-contract": "contract",
    "fake-databricks": "fake_databricks",
}
_FENCE = re.compile(
    r"^(?:<!-- not run: (?P<reason>.+) -->\n)?"
    r'^```(?P<language>\w*)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.DOTALL | re.MULTILINE,
)
_END = "--- the commands have ended"


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        language: ``bash``, ``text``, ...; empty where the page names none.
        title: the name of a file, or :data:`TERMINAL`; empty where there is none.
        text: what is in it.
        reason: why it is not run; empty where it is.
    """

    language: str
    title: str
    text: str
    reason: str = ""


def blocks_of(text: str) -> List[Block]:
    """Return the fenced blocks of a page, in order."""
    return [
        Block(found["language"], found["title"] or "", found["text"], found["reason"] or "")
        for found in _FENCE.finditer(text)
    ]


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def write_commands(folder: Path) -> Mapping[str, str]:
    """Write the commands of this checkout into a folder; return the ``PATH`` that has them."""
    python = f'#!/bin/sh\nexec "{sys.executable}"'
    texts = {name: f'{python} -m {module} "$@"\n' for name, module in COMMANDS.items()}
    for name, text in {**texts, "python": f'{python} "$@"\n'}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def copy_checkout(folder: Path) -> Path:
    """Return a copy of this checkout in a folder, as a reader has one; it shares ``.cache``."""
    left_out = shutil.ignore_patterns(
        ".git", ".venv*", ".cache", ".*_cache", "__pycache__", ".hypothesis", "*.egg-info", "build", "tmp"
    )
    copy = folder / "checkout"
    shutil.copytree(ROOT, copy, ignore=left_out, symlinks=True)
    (copy / ".cache").symlink_to(ROOT / ".cache")
    return copy


class Reader:
    """Somebody at a shell, in a checkout, with a home of their own.

    Args:
        folder: an empty one.
        environment: variables besides those of this process.
    """

    def __init__(self, folder: Path, environment: Optional[Mapping[str, str]] = None) -> None:
        self.checkout = copy_checkout(folder)
        for name in ("home", "bin"):
            (folder / name).mkdir()
        self.environment = {
            **os.environ,
            **write_commands(folder / "bin"),
            "HOME": str(folder / "home"),
            "PYTHONPATH": str(self.checkout),
            **(environment or {}),
        }

    def follow(self, page: str, instead: Optional[Mapping[str, str]] = None, *, starts: bool = True) -> None:
        """Do what a page says, and compare what it shows.

        Args:
            page: its path below ``docs``.
            instead: texts of its commands, and what stands in their place: another port, another token.
            starts: whether what runs in a terminal of its own is started; else it is there.
        """
        blocks = blocks_of((ROOT / "docs" / page).read_text(encoding="utf-8"))
        with ExitStack() as stack:
            shell = stack.enter_context(self._shell())
            printed: List[str] = []
            terminal: Iterator[str] = iter(())
            for block in blocks:
                text = _replaced(block.text, instead or {})
                if block.reason:
                    continue
                if block.title == TERMINAL:
                    if starts and block.language == "bash":
                        terminal = stack.enter_context(self._terminal(text))
                    elif starts:
                        shown = text.splitlines()
                        missing = not_printed(shown, list(islice(terminal, len(shown))))
                        assert missing is None, f"{page} shows {missing!r} of the terminal"
                elif block.title:
                    (self.checkout / block.title).parent.mkdir(parents=True, exist_ok=True)
                    (self.checkout / block.title).write_text(text, encoding="utf-8")
                elif block.language == "diff":
                    self._apply(text)
                elif block.language == "bash":
                    printed = _run(shell, text)
                elif block.language == "text":
                    missing = not_printed(text.splitlines(), printed)
                    assert missing is None, f"{page} shows {missing!r}; printed was:\n" + "\n".join(printed)

    @contextmanager
    def _shell(self) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            ["/bin/bash", "--norc", "-e"],
            cwd=self.checkout,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            yield process
            assert process.stdin
            process.stdin.close()

    @contextmanager
    def _terminal(self, text: str) -> Iterator[Iterator[str]]:
        """Start a server; go on when it says where it listens. What it prints can be read, as it comes."""
        with subprocess.Popen(
            ["/bin/bash", "-ec", f"exec {text}"],
            cwd=self.checkout,
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout
            try:
                begin: List[str] = []
                while not any("://" in line for line in begin):
                    begin.append(next(process.stdout))
                _wait_for(next(word for word in begin[-1].split() if "://" in word))
                yield chain(begin, process.stdout)
            finally:
                os.killpg(process.pid, signal.SIGTERM)

    def _apply(self, diff: str) -> None:
        done = subprocess.run(
            [shutil.which("git") or "git", "apply", "-"],
            cwd=self.checkout,
            env={**self.environment, "GIT_CEILING_DIRECTORIES": str(self.checkout.parent)},
            input=diff,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def not_printed(shown: Sequence[str], printed: Sequence[str]) -> Optional[str]:
    """Return the first line that a page shows and that was not printed after the lines before it."""
    rest = iter(printed)
    for line in shown:
        pattern = re.compile(".*".join(map(re.escape, line.rstrip().split("..."))))
        if not any(pattern.fullmatch(got.rstrip()) for got in rest):
            return line
    return None


def _replaced(text: str, instead: Mapping[str, str]) -> str:
    for old, new in instead.items():
        text = text.replace(old, new)
    return text


def _run(shell: subprocess.Popen[str], text: str) -> List[str]:
    """Run commands; return what they print. The first one that fails fails the test."""
    assert shell.stdin
    assert shell.stdout
    shell.stdin.write(f"{text}\necho; echo '{_END}'\n")
    shell.stdin.flush()
    printed: List[str] = []
    for line in shell.stdout:
        if line.rstrip() == _END:
            return printed
        printed.append(line.rstrip("\n"))
    raise AssertionError(f"a command has failed:\n{text}\n" + "\n".join(printed))


def _wait_for(address: str) -> None:
    place = urlsplit(address)
    end = time.monotonic() + LONGEST
    while True:
        try:
            socket.create_connection((place.hostname or "", place.port or 80), 1).close()
        except OSError:
            assert time.monotonic() < end, address
            time.sleep(0.05)
        else:
            return
