"""From a flat list of objects to files and folders, as a walk over a file system finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Dict, Iterator, List, Set

from nuvyn_executor.model import FileEntry, Listing, Skipped
from nuvyn_executor.sources.folder_walk import DELTA_LOG
from nuvyn_executor.sources.locations import is_hidden

if TYPE_CHECKING:
    from nuvyn_executor.sources.glob_levels import GlobLevels, Levels
    from nuvyn_executor.sources.object_listing import Meta, Odd

_FOLDER_SUFFIX = "_$folder$"  # of the empty objects that Hadoop's old clients wrote for folders
_REMEMBERED = 10_000  # folders; a sorted list needs no more than those on the way to one object


class ObjectSurvey:
    """Sorts objects into files, hidden ones, markers of folders, and Delta tables.

    Args:
        root: the URL that the names are relative to, without a slash at its end.
        folder: the key that stands for, without a slash at its end.
        globs: what was asked for.
        limit: how many files to list.
    """

    def __init__(self, root: str, folder: str, globs: GlobLevels, limit: int) -> None:
        self._root = root
        self._start = len(folder) + 1 if folder else 0
        self._globs = globs
        self._limit = limit
        self._files: Dict[str, FileEntry] = {}
        self._folders: Set[str] = set()
        self._delta: Dict[str, bool] = {}
        self._problems: List[Skipped] = []
        self._levels: Dict[str, Levels] = {"": globs.top}
        self.is_full = False
        self.found_anything = False

    def add(self, meta: Meta) -> None:
        """Take an object of the list."""
        name = str(meta["path"])[self._start :]
        folder, _, last = name.rpartition("/")
        levels = self._levels_of(folder)
        if not name:  # the marker of the folder itself
            self.found_anything = self.found_anything or self._globs.is_matched(self._globs.top)
            return
        if not levels or is_hidden(last) or not self._globs.is_matched(self._globs.below(levels, last)):
            return
        if last.endswith(_FOLDER_SUFFIX) and not meta["size"]:
            return
        if len(self._files) >= self._limit:
            self.is_full = True
            return
        etag = str(meta.get("e_tag") or "")
        path = f"{self._root}/{name}"
        self._files[name] = FileEntry(path, name, int(meta["size"]), meta["last_modified"], etag)

    def add_odd(self, odd: Odd) -> None:
        """Take note of names that cannot be read."""
        name, folder = odd.name[self._start :], odd.folder[self._start :]
        shown = name.encode("unicode_escape").decode("ascii") if not name.isprintable() else name
        self._problems.append(
            Skipped(
                shown,
                "begins the names of objects that cannot be read (a level of the name is empty, '.' or '..', "
                f"or it has control characters); others in {folder or 'the same folder'} may be missing, too",
                "Rename the objects.",
                is_failure=True,
            )
        )

    def listing(self, is_marker: Callable[[List[FileEntry]], Iterator[bool]]) -> Listing:
        """Return what was found.

        Args:
            is_marker: looks at empty objects and says of each whether it stands for an empty folder.
        """
        empty = [one for one in self._files.values() if not one.size_bytes]
        for one in empty:
            if one.name in self._folders:
                del self._files[one.name]
        unsure = [one for one in empty if one.name in self._files]
        for one, is_folder in zip(unsure, is_marker(unsure) if unsure else iter(())):
            if is_folder:
                del self._files[one.name]
                self.found_anything = True
        files = sorted(self._files.values(), key=lambda entry: entry.name)
        delta = [
            folder
            for folder, is_matched in sorted(self._delta.items())
            # A folder that was only passed through counts when some file of it was asked for.
            if is_matched or any(not folder or one.name.startswith(folder + "/") for one in files)
        ]
        self.found_anything = self.found_anything or bool(files or delta or self._problems)
        return Listing(
            self._root,
            tuple(files),
            delta_folders=tuple(delta),
            problems=tuple(self._problems),
            truncated=self.is_full,
        )

    def _levels_of(self, folder: str) -> Levels:
        """Return what objects right in a folder may match; nothing for a hidden folder."""
        known = self._levels.get(folder)
        if known is not None:
            return known
        parent, _, last = folder.rpartition("/")
        above = self._levels_of(parent)
        levels: Levels = frozenset() if is_hidden(last) or not above else self._globs.below(above, last)
        if last == DELTA_LOG and above:
            self._delta[parent] = self._globs.is_matched(above)
        if len(self._levels) > _REMEMBERED:
            self._levels = {"": self._globs.top}
        self._levels[folder] = levels
        self._folders.add(folder)
        return levels
