"""Walk through a folder and all below it, in the order of the files' full names."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import FrozenSet, List, NamedTuple, Set, Tuple

from nuvyn_executor.model import FileEntry, Listing, Skipped
from nuvyn_executor.sources.glob_levels import GlobLevels
from nuvyn_executor.sources.locations import is_hidden

DELTA_LOG = "_delta_log"
_LEADS_OUT = (
    "is a link that leads out of the source's folder",
    "Name what it leads to as a source of its own, or set EXECUTOR_FOLLOW_LINKS=true.",
)

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LATEST = datetime(9999, 12, 31, tzinfo=timezone.utc)


def entry_of(path: str, name: str, found: os.stat_result) -> FileEntry:
    """Make the entry of a file from its ``stat``."""
    try:
        modified = _EPOCH + timedelta(seconds=found.st_mtime)
    except OverflowError:  # a damaged inode; it must not end the run
        modified = _LATEST if found.st_mtime > 0 else _EPOCH
    return FileEntry(path, name, found.st_size, modified)


class _Step(NamedTuple):
    """A file or folder still to be looked at.

    ``at`` has the indexes of the patterns that its children may match. ``len(patterns)`` means that all
    patterns are matched, and so is everything below.
    """

    path: str
    name: str
    real: str
    is_folder: bool
    at: FrozenSet[int]


class FolderWalk:
    """One walk from a folder downwards.

    Args:
        base: where to start.
        patterns: one glob for each level below it (``**`` for any number of levels); none: everything.
        limit: how many files to list.
        follow_links: whether links are followed that lead out of that folder; else they are named.
    """

    def __init__(
        self, base: str, patterns: Tuple[str, ...], limit: int, *, follow_links: bool = False
    ) -> None:
        self._base = base
        self._globs = GlobLevels(patterns)
        self._limit = limit
        self._follow_links = follow_links
        self._root = os.path.realpath(base)
        self._seen: Set[str] = set()
        self._files: List[FileEntry] = []
        self._delta: List[Tuple[str, bool]] = []
        self._problems: List[Skipped] = []
        self._truncated = False

    def run(self) -> None:
        """Walk.

        Raises:
            OSError: the first folder cannot be listed. A folder below it that cannot be listed is a problem
                of the listing, and no error.
        """
        first = _Step(self._base, "", self._root, is_folder=True, at=self._globs.top)
        self._seen.add(first.real)
        # A stack and no recursion: a tree may be deeper than Python's own stack.
        stack = self._children(first)[::-1]
        while stack and not self._truncated:
            step = stack.pop()
            if not step.is_folder:
                self._add(step)
                continue
            try:
                stack.extend(reversed(self._children(step)))
            except OSError as error:
                self._skip(
                    step.name,
                    f"is a folder that cannot be listed: {error.strerror}",
                    "Grant read access to it, or remove it.",
                )

    @property
    def found_anything(self) -> bool:
        """Whether the walk met a file, a Delta table or a problem."""
        listing = self.listing()
        return bool(listing.files or listing.delta_folders or listing.problems)

    def listing(self) -> Listing:
        """Return the files, Delta tables and problems that were found."""
        names = [entry.name for entry in self._files]
        delta = [
            folder
            for folder, is_matched in self._delta
            # A folder that the walk only passed through counts when some file of it was asked for.
            if is_matched or any(not folder or name.startswith(folder + "/") for name in names)
        ]
        return Listing(
            self._base,
            tuple(self._files),
            delta_folders=tuple(delta),
            problems=tuple(self._problems),
            truncated=self._truncated,
        )

    def _children(self, folder: _Step) -> List[_Step]:
        with os.scandir(folder.path) as scan:
            children = [(child, _is_folder(child)) for child in scan]
        if any(child.name == DELTA_LOG and is_folder for child, is_folder in children):
            self._delta.append((folder.name, self._globs.is_matched(folder.at)))
        # A slash after folders' names: "a-b.csv" comes before "a/x.csv", as in a plain sort of full names.
        children.sort(key=lambda pair: pair[0].name + "/" if pair[1] else pair[0].name)
        steps = (self._step(folder, child, is_folder=is_folder) for child, is_folder in children)
        return [step for step in steps if step.at]

    def _step(self, folder: _Step, child: os.DirEntry[str], *, is_folder: bool) -> _Step:
        name = f"{folder.name}/{child.name}" if folder.name else child.name
        at = frozenset() if is_hidden(child.name) else self._globs.below(folder.at, child.name)
        if not is_folder and not self._globs.is_matched(at):
            at = frozenset()
        if at and not _is_utf8(child.name):
            shown = name.encode("utf-8", "backslashreplace").decode()
            self._skip(shown, "has a name that is not UTF-8", "Rename it.")
            at = frozenset()
        real = f"{folder.real}/{child.name}"
        if at and child.is_symlink():
            real = os.path.realpath(child.path)
            if not self._may_follow(real):
                self._skip(name, *_LEADS_OUT, is_failure=False)
                at = frozenset()
        if at and is_folder:
            if real in self._seen:  # a link back, or a second way to one folder
                at = frozenset()
            self._seen.add(real)
        return _Step(child.path, name, real, is_folder, at)

    def _add(self, step: _Step) -> None:
        try:
            found = Path(step.path).stat()
        except OSError as error:
            reason = "has vanished, or is a link that leads nowhere"
            if not isinstance(error, FileNotFoundError):
                reason = f"cannot be looked at: {error.strerror}"
            self._skip(step.name, reason, "Run the job again when the folder is at rest.")
            return
        if not stat.S_ISREG(found.st_mode):
            self._skip(step.name, "is no regular file (a pipe, socket or device)", "Remove it.")
        elif len(self._files) >= self._limit:
            self._truncated = True
        else:
            self._files.append(entry_of(step.path, step.name, found))

    def _may_follow(self, real: str) -> bool:
        """Whether a link to this place is followed; one to nothing is, and reported as such."""
        if self._follow_links or not os.path.exists(real):  # noqa: PTH110  as of a name that may be no path
            return True
        return real == self._root or real.startswith(self._root.rstrip("/") + "/")

    def _skip(self, name: str, reason: str, remedy: str, *, is_failure: bool = True) -> None:
        self._problems.append(Skipped(name, reason, remedy, is_failure=is_failure))


def _is_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError:  # a link onto itself: to be reported when it is looked at as a file
        return False


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
