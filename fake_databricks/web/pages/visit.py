"""What a view gets: the workspace of the person who has signed in, and what the request asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Mapping

from fake_databricks.errors import DoesNotExist

if TYPE_CHECKING:
    from fake_databricks.request.call import Controls
    from fake_databricks.workspace import Workspace

MAX_DIGITS = 18


def _none() -> Mapping[str, Workspace]:
    return {}


@dataclass(frozen=True)
class SignedIn:
    """The workspaces whose tokens a browser has signed in with.

    Attributes:
        workspaces: returns them by their ids.
        choose: makes one of them the current one.
        leave: signs out of one.
    """

    workspaces: Callable[[], Mapping[str, Workspace]] = _none
    choose: Callable[[str], object] = str
    leave: Callable[[str], object] = str


@dataclass(frozen=True)
class Visit:
    """A request for a page.

    Attributes:
        workspace: the workspace of the token.
        controls: its faults and its journal.
        names: what stands in the path in place of each ``*``.
        query: the parameters of the query, the last of each name.
        form: the fields of a form that was sent.
        signed_in: this workspace and all others of the browser.
    """

    workspace: Workspace
    controls: Controls
    names: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    signed_in: SignedIn = field(default_factory=SignedIn)

    @property
    def base(self) -> str:
        """The address of the workspace, as in ``run_page_url``."""
        return f"{self.workspace.url}/?o={self.workspace.workspace_id}"

    def number(self, place: int) -> int:
        """Return a number of the path.

        Raises:
            DoesNotExist: it is none.
        """
        return _number(self.names[place])

    def form_number(self, name: str) -> int:
        """Return a number of the form.

        Raises:
            DoesNotExist: it is none.
        """
        return _number(self.form.get(name, ""))

    def before(self) -> int:
        """Return where a list goes on: below this number; 0 is its begin."""
        text = self.query.get("before", "")
        return int(text) if _is_number(text) else 0


def _number(text: str) -> int:
    if not _is_number(text):
        raise DoesNotExist(f"There is no number {text[:60]!r} here.")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
