"""Uploads in parts, which the SDK uses for files of 50 MiB and more."""

from __future__ import annotations

import secrets
import shutil
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Sequence

from fake_databricks.errors import InvalidParameter, NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from fake_databricks.files.trees import Tree


@dataclass(frozen=True)
class Upload:
    """One upload that has begun: token, path in its tree, whether it may replace a file."""

    token: str
    path: str
    is_overwriting: bool


class Uploads:
    """The uploads of a workspace; parts lie in a folder of their own until the upload is complete.

    No upload outlives its server, so what an earlier one has left is removed.
    """

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._folder = folder
        self._lock = threading.Lock()
        self._open: dict[str, Upload] = {}

    def begin(self, path: str, *, is_overwriting: bool) -> str:
        """Begin an upload and return its token."""
        upload = Upload(secrets.token_hex(16), path, is_overwriting)
        (self._folder / upload.token).mkdir(parents=True)
        with self._lock:
            self._open[upload.token] = upload
        return upload.token

    def put(self, token: str, path: str, number: int, content: bytes) -> str:
        """Store a part and return its ETag.

        Raises:
            InvalidParameter: no part can have this number.
            NotFound: the upload has not begun, or is over.
        """
        self._find(token, path)
        if number < 1:
            raise InvalidParameter(f"part_number must be at least 1, got {number}.")
        part = self._folder / token / str(number)
        try:
            part.write_bytes(content)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return f"part-{number}-{len(content)}"

    def check(self, token: str, path: str) -> None:
        """Refuse an upload that has not begun or is over.

        Raises:
            NotFound: there is none of this token for the path.
        """
        self._find(token, path)

    def complete(self, token: str, path: str, numbers: Sequence[int], tree: Tree, target: str) -> None:
        """Join the parts in the order of their numbers.

        Args:
            token: of the upload.
            path: as the upload has begun with it.
            numbers: of the parts.
            tree: where the file is put.
            target: its path there.

        Raises:
            AlreadyExists: a file or a folder is there, which the upload may not replace.
            InvalidParameter: the parts make no whole.
            NotFound: the upload has not begun, or is over.
        """
        upload = self._find(token, path)
        parts = [self._folder / token / str(number) for number in sorted(numbers)]
        repeated = sorted({number for number in numbers if numbers.count(number) > 1})
        if repeated:
            raise InvalidParameter(f"A part is named twice: {', '.join(map(str, repeated))}.")
        missing = [part.name for part in parts if not part.exists()]
        if missing or not parts:
            raise InvalidParameter(f"Missing parts of the upload: {', '.join(missing) or 'all'}.")
        whole = self._folder / token / f"whole-{secrets.token_hex(8)}"  # another request may complete it, too
        try:
            with whole.open("wb") as file:
                for part in parts:
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, file)
            tree.finish(whole, target, is_new=not upload.is_overwriting)
        finally:
            whole.unlink(missing_ok=True)
        self.abort(token, path)

    def abort(self, token: str, path: str) -> None:
        """Delete an upload and its parts."""
        self._find(token, path)
        with self._lock:
            self._open.pop(token, None)
        shutil.rmtree(self._folder / token, ignore_errors=True)

    def _find(self, token: str, path: str) -> Upload:
        with self._lock:
            upload = self._open.get(token)
        if upload is None or upload.path != path:
            raise NotFound("The upload session does not exist.")
        return upload
