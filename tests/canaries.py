"""Secrets that no text of a program holds by chance, and the search for them in all that a run leaves."""

from __future__ import annotations

import base64
import json
import os
import re
import threading
from pathlib import Path
from typing import Dict, List, Mapping, Set
from urllib.parse import quote, quote_plus

_LARGEST = 50_000_000
_PAUSE = 0.2


class Canaries:
    """Secrets by name, and where they were found.

    Args:
        secrets: each secret by the name that it has in a failure.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._names: Dict[bytes, str] = {}
        self.found: Set[str] = set()
        self.places: List[str] = []
        self.add(secrets)

    def add(self, secrets: Mapping[str, str]) -> None:
        """Look for more secrets from now on."""
        assert all(len(secret) >= 12 for secret in secrets.values())
        self._names.update({form: name for name, secret in secrets.items() for form in spellings(secret)})
        forms = sorted(self._names, key=len, reverse=True)
        self._any = re.compile(b"|".join(re.escape(form) for form in forms))

    def look(self, place: str, content: object) -> None:
        """Search a text, bytes, or any other value (its ``repr``)."""
        self.places.append(place)
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else repr(content)).encode(errors="replace")
        for match in self._any.finditer(content):
            around = content[max(0, match.start() - 60) : match.start()].decode(errors="replace")
            self.found.add(f"{self._names[match.group()]} in {place}, after {around!r}")

    def look_into(self, folder: Path) -> int:
        """Search the names and the bytes of all files below a folder; return how many there are."""
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in files:
            self.look("the name of a file", str(path))
            try:
                if path.stat().st_size < _LARGEST:
                    self.look(str(path.relative_to(folder)), path.read_bytes())
            except FileNotFoundError:  # of a run that goes on
                continue
        return len(files)

    def look_into_tables(self, folder: Path, names: List[str]) -> None:
        """Search the cells of every version of some Delta tables, which their files may hold compressed."""
        import polars as pl  # noqa: PLC0415  slow to import

        for name in names:
            files = [path for path in folder.rglob("*.parquet") if path.parent.name == name]
            rows = [row for path in files for row in pl.read_parquet(path).to_dicts()]
            assert rows, f"{name} has no rows"
            self.look(f"the table {name}", rows)
            self.look(f"the table {name}, as JSON", json.dumps(rows, default=str, ensure_ascii=False))


def spellings(secret: str) -> Set[bytes]:
    """Return how a secret may be written: as it is, URL-encoded, JSON-escaped, in base64 and hexadecimal.

    Base64 writes a text inside a longer one in three ways, by its place; what depends on its neighbours is
    left out.
    """
    escaped = {quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda code: code.group().lower(), text) for text in escaped}
    inside = set()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
        inside.add(encoded[2 if shift == 1 else 3 if shift else 0 : -1])
    urlsafe = {text.replace("+", "-").replace("/", "_") for text in inside}
    texts = {secret, *escaped, *lower, *inside, *urlsafe, secret.encode().hex()}
    return {text.encode() for text in texts}


class Watch:
    """Looks, while a block runs, at the command lines of all processes and at files that may be gone later.

    Args:
        canaries: what to look for.
        folders: temporary folders.
    """

    def __init__(self, canaries: Canaries, *folders: Path) -> None:
        self._canaries = canaries
        self._folders = folders
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self._seen: Set[bytes] = set()
        self._sizes: Dict[Path, int] = {}
        self.except_pid = 0
        """A process whose command line may show a secret: the user wrote it there."""

    @property
    def programs(self) -> Set[str]:
        """The names of the programs that ran."""
        return {os.path.basename(line.split(b"\0", 1)[0]).decode() for line in self._seen}  # noqa: PTH119  a text

    def __enter__(self) -> Watch:  # noqa: PYI034  Self came with Python 3.11
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_PAUSE):
            for process in Path("/proc").glob("[0-9]*"):
                if int(process.name) not in (self.except_pid, os.getpid()):
                    self._look_at(process)
            for folder in self._folders:
                self._look_into(folder)

    def _look_at(self, process: Path) -> None:
        try:
            line = (process / "cmdline").read_bytes()
        except OSError:
            return
        if line not in self._seen:
            self._seen.add(line)
            self._canaries.look("a command line", line)

    def _look_into(self, folder: Path) -> None:
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name)
                try:
                    size = path.stat().st_size
                    if self._sizes.get(path) == size or size > _LARGEST:
                        continue
                    self._sizes[path] = size
                    self._canaries.look(f"the temporary file {path.name}", path.read_bytes())
                except OSError:
                    continue
