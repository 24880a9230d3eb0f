"""A browser for tests: signs in, keeps its cookie, and reads pages with the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Mapping
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from tests.fake.conftest import Answer, Client

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
APART = frozenset({"td", "th", "dt", "dd", "li", "a", "span"})
"""What stands apart on a page, whatever is between the tags."""
NAVIGATION = {
    "Accept": "text/html,application/xhtml+xml",
    "Authorization": "",
    "Sec-Fetch-Site": "same-origin",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
}


@dataclass(eq=False)
class Element:
    """One element of a page."""

    tag: str
    attributes: Mapping[str, str]
    parent: Element | None = None
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def holds(self, other: Element) -> bool:
        return other.parent is not None and (other.parent is self or self.holds(other.parent))

    def is_in(self, tag: str) -> bool:
        above = self.parent
        return above is not None and (above.tag == tag or above.is_in(tag))


class Document(HTMLParser):
    """The elements of a page in their order; a tag that is not closed, or closed twice, is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert self._open == [], f"not closed: {[element.tag for element in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(self.elements[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"twice in <{tag}>: {names}"
        given = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, given, self._open[-1] if self._open else None))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()
        if tag in APART:
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def having(self, name: str) -> list[Element]:
        return [element for element in self.elements if name in element.attributes]

    def one(self, identity: str) -> Element:
        (found,) = [item for item in self.elements if item.attributes.get("id") == identity]
        return found

    @property
    def text(self) -> str:
        return " ".join(self.all("html")[0].text.split())


@dataclass
class Seen:
    """An answer that is a page."""

    answer: Answer

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def source(self) -> str:
        return self.answer.content.decode()

    @property
    def page(self) -> Document:
        return Document(self.source)

    @property
    def text(self) -> str:
        return self.page.text


@dataclass
class Browser:
    """A person's browser at one server."""

    client: Client
    cookie: str = ""

    def sign_in(self) -> Browser:
        answer = self.get(f"/?token={quote(self.client.token)}", **{"Sec-Fetch-Site": "none"}).answer
        assert answer.status == 303, answer.content
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return self

    def get(self, target: str, **headers: str) -> Seen:
        return Seen(self.client.send("GET", target, b"", self._headers(headers)))

    def post(self, target: str, fields: Mapping[str, str], **headers: str) -> Seen:
        host = urlsplit(self.client.url)
        form = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{host.scheme}://{host.netloc}",
        }
        given = self._headers({**form, **headers})
        return Seen(self.client.send("POST", target, urlencode(fields).encode(), given))

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**NAVIGATION, **({"Cookie": self.cookie} if self.cookie else {}), **more}
