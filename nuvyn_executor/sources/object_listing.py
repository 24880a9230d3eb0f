"""Lists the objects below a folder although some of their names stop the library.

The library does not know names with an empty level (``a//b``), with ``.`` or ``..`` as a level, or with a
control character: it refuses the whole page of a listing that has one, and an object of such a name cannot
be read. The objects that such a page has beside it are found in two ways: a listing can begin behind a name,
and each folder can be listed by itself.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union

Meta = Mapping[str, Any]
"""Of an object: ``path``, ``size``, ``last_modified``, ``e_tag``."""

# The first line of the library's sentence has the name as it is; what follows repeats it with escapes.
_REFUSED = re.compile(r'Path "(?P<name>.*?)"(?:: Encountered| contained)', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Odd(NamedTuple):
    """Objects that the library cannot name.

    Attributes:
        name: what their names begin with.
        folder: other objects of this folder may not have been found either.
    """

    name: str
    folder: str


Found = Union[Meta, Odd]
"""What a listing comes upon."""


class PageRefused(Exception):  # noqa: N818  the reader of the listing goes on
    """A page of a listing has a name that the library refuses."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Pages(NamedTuple):
    """How a store is listed.

    Attributes:
        flat: lists everything below a folder whose name comes after another, in the order of the names.
        level: lists the folders and the objects right in a folder.
        one: looks for one object.
        skips: the store itself begins a listing behind a name; else the library reads everything before it.
    """

    flat: Callable[[str, str], Iterator[Meta]]
    level: Callable[[str], Tuple[List[str], List[Meta]]]
    one: Callable[[str], Optional[Meta]]
    skips: bool


def is_odd(name: str) -> bool:
    """Whether the library refuses a name."""
    return any(level in ("", ".", "..") or _CONTROL.search(level) for level in name.split("/"))


def refused_name(text: str) -> Optional[str]:
    """Return the name that the library's sentence is about."""
    found = _REFUSED.search(text)
    return found.group("name") if found else None


def objects(pages: Pages, folder: str) -> Iterator[Found]:
    """List all objects below a folder, and an :class:`Odd` for names that the library refuses.

    Objects come in the order of their names, except around odd ones.
    """
    last = ""
    while True:
        try:
            for meta in pages.flat(folder, last):
                yield meta
                last = meta["path"]
        except PageRefused as refused:
            odd, after = _beginning(refused.name)
            yield from _beside(pages, folder, last, odd)
            if not pages.skips or after <= last:
                return
            behind = pages.one(after)  # the listing goes on behind this name
            if behind is not None:
                yield behind
            last = after
        else:
            return


def _beginning(name: str) -> Tuple[str, str]:
    """Return what an odd name and those like it begin with, and the next name that is not odd.

    ``a//b`` begins with ``a//``, and what comes next may be ``a/0``, as ``0`` follows the slash.
    """
    levels = name.split("/")
    at = next((index for index, level in enumerate(levels) if is_odd(level)), 0)
    folder = "".join(f"{level}/" for level in levels[:at])
    control = _CONTROL.search(levels[at])
    if control is None:
        return f"{folder}{levels[at]}/", f"{folder}{levels[at]}0"
    plain = levels[at][: control.start()]
    return (
        f"{folder}{plain}{control.group()}",
        f"{folder}{plain}{' ' if control.group() < ' ' else chr(0x80)}",
    )


def _beside(pages: Pages, folder: str, last: str, odd: str) -> Iterator[Found]:
    """List, folder by folder, what the refused page has: what lies between a name and an odd one.

    Where the library cannot begin behind the odd name, what comes after it belongs to this as well.
    """

    def is_wanted(name: str) -> bool:
        return name > last and (name < odd or not pages.skips)

    while True:
        try:
            folders, here = pages.level(folder)
        except PageRefused:
            break
        yield from (meta for meta in here if is_wanted(meta["path"]))
        deeper = None
        for one in folders:
            if odd.startswith(one + "/"):
                deeper = one
            elif f"{one}0" > last and is_wanted(f"{one}/{chr(0x10FFFF)}"):
                for found in objects(pages, one):
                    if isinstance(found, Odd) or is_wanted(found["path"]):
                        yield found
        if deeper in (None, folder):
            break
        folder = str(deeper)
    yield Odd(odd, folder)
