"""A page of a site: its address and its template. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Sequence


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        path: its address; ``*`` is any one part that is not empty.
        template: the name of its template.
        view: returns its values; what it gets is up to the site.
        title: stands in its head, unless the view has a better one.
        is_shown: whether it is in the list of pages.
        has_frames: whether it shows pages of this site in frames.
        accepted: the kinds of answers of which a request names one; another request is none for this page.
    """

    path: str
    template: str
    view: Callable[[Any], dict[str, Any]]
    title: str
    is_shown: bool = False
    has_frames: bool = False
    accepted: tuple[str, ...] = ("text/html",)

    def match(self, path: str) -> tuple[str, ...] | None:
        """Return what stands in place of each ``*``; None for another address."""
        wanted, given = self.path.split("/"), path.split("/")
        if len(wanted) != len(given) or not all(
            part == found or (part == "*" and found) for part, found in zip(wanted, given, strict=True)
        ):
            return None
        return tuple(found for part, found in zip(wanted, given, strict=True) if part == "*")


def find(pages: Sequence[Page], path: str) -> tuple[Page, tuple[str, ...]] | None:
    """Return the page of an address, and what stands in place of each ``*``."""
    for page in pages:
        names = page.match(path)
        if names is not None:
            return page, names
    return None


class Elsewhere(Exception):  # noqa: N818  it says where to go
    """What is asked for has its page at another address.

    Attributes:
        address: path of this server, with a fragment.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class NotAdmitted(Exception):  # noqa: N818  it says what happened
    """The server does not accept what somebody wants to sign in with; the message says why."""
