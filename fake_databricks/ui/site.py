"""Answers a browser: signs a person in, finds the page, and says what went wrong."""

from __future__ import annotations

import logging
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Collection, Mapping, Sequence
from urllib.parse import parse_qsl, quote, urlencode

from fake_databricks.request.call import Reply
from fake_databricks.ui import guard
from fake_databricks.ui.page import Elsewhere, NotAdmitted, find
from fake_databricks.ui.rendering import renderer
from fake_databricks.ui.sessions import Session, Sessions, cookie, key_of

if TYPE_CHECKING:
    from fake_databricks.request.asked import HttpRequest
    from fake_databricks.ui.page import Page

LOGGER = logging.getLogger("fake_databricks")
SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
STATIC = Path(__file__).parent / "static"
KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser would send forms with the Origin "null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FRAMES = "; frame-src 'self'"
"""What a page adds to the policy that shows pages of this site in frames."""
SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "img-src data:; font-src data:; media-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""For HTML that somebody else has written: it runs, and is of no origin. It sees no page and no cookie."""
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **HEADERS}
SANDBOXED = {
    # With Cross-Origin-Opener-Policy a browser refuses to show a sandboxed page in a window of its own.
    **{name: value for name, value in HTML.items() if name != "Cross-Origin-Opener-Policy"},
    "Content-Security-Policy": SANDBOX,
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "SAMEORIGIN",
}
PICTURE = {**HTML, "Content-Type": "image/png", "Content-Security-Policy": "default-src 'none'; sandbox"}
HTML_KIND = "text/html"
MOST_SHOWN = 200
"""How many characters of an address stand on a page that says that it is none."""
_FORM = "application/x-www-form-urlencoded"
_OWN_ADDRESS = re.compile(r"/(?:[A-Za-z0-9_.~%-][A-Za-z0-9_/.~%-]*)?(?:\?[A-Za-z0-9_.~%&=+-]*)?")


@dataclass(frozen=True)
class Look:
    """What tells the pages of one server from those of another.

    Attributes:
        name: of the server; stands in the head of each page, and names the cookie.
        credential: what a person signs in with, in one word, which is also the parameter of the link.
        about: stands in the form for it: what these pages show.
        pages: all of them.
        actions: the addresses that take a form.
        package: has the templates.
        calls: how the addresses of calls begin; a browser that asks for another address asks for a page.
        keeps_several: whether a person who signs in once more keeps what was there, and chooses.
        choice: the address of the page to choose on, to which the head of each page leads.
    """

    name: str
    credential: str
    about: str
    pages: Sequence[Page]
    actions: Collection[str]
    package: str
    calls: tuple[str, ...]
    keeps_several: bool = False
    choice: str = ""


@dataclass(frozen=True)
class Asked:
    """A request for a page by a person who has signed in.

    Attributes:
        page: the page.
        names: what stands in the path in place of each ``*``.
        query: the parameters of the query, the last of each name.
        form: the fields of a form that was sent; None where none was.
        path: the address.
        credential: what the person has signed in with.
        session: all that this browser has signed in with.
    """

    page: Page
    names: tuple[str, ...]
    query: Mapping[str, str]
    form: Mapping[str, str] | None
    path: str
    credential: str
    session: Session


class Site(ABC):
    """The pages of a server, each for what a person has signed in with.

    Args:
        look: what tells them from those of another server.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._render = renderer(look.package)
        self._sessions = Sessions()
        self._static = {f"/static/{file.name}": file.read_bytes() for file in sorted(STATIC.iterdir())}

    @abstractmethod
    def _admitted(self, credential: str) -> str:
        """Return a credential as the server knows it.

        Raises:
            NotAdmitted: it is not accepted.
        """

    @abstractmethod
    def _answer(self, asked: Asked) -> Reply:
        """Return a page: :meth:`_written`, or another reply.

        Raises:
            Elsewhere: it has another address.
        """

    @abstractmethod
    def _whose(self, credential: str) -> str:
        """Return what stands beside the server's name for a credential that is admitted."""

    @abstractmethod
    def _refusal(self, error: Exception) -> tuple[int, str] | None:
        """Return the status and the sentence to show for an error; ``None`` for an unexpected one."""

    def is_asked(self, request: HttpRequest) -> bool:
        """Whether a browser asks for a page, or sends one of its forms; every other call is of the API."""
        if request.method in ("GET", "HEAD"):
            if request.path in self._static:
                return True
            found = find(self._look.pages, request.path)
            is_program = request.path.startswith(self._look.calls) or "authorization" in request.headers
            if found is None and is_program:
                return False
            accept = request.headers.get("accept", "")
            return any(kind in accept for kind in (found[0].accepted if found else (HTML_KIND,)))
        is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
        is_ours = request.path in (SIGN_IN, SIGN_OUT) or request.path in self._look.actions
        return request.method == "POST" and is_form and is_ours

    def answer(self, request: HttpRequest) -> Reply:
        """Answer what ``is_asked``."""
        objection = guard.objection(request)
        if objection:
            return self._told(403, "Refused", objection)
        if request.path in self._static:
            kind = KINDS[Path(request.path).suffix]
            headers = {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache", **HEADERS}
            return Reply(200, self._static[request.path], headers)
        if request.method == "POST" and request.path in (SIGN_IN, SIGN_OUT):
            return self._signed(request)
        if find(self._look.pages, request.path) is None:
            return self._no_page(request)
        query, name = _pairs(request.query), self._look.credential
        if request.path == "/" and name in query and not guard.is_link(request):
            rest = {key: value for key, value in query.items() if key != name}
            return self._sign_in(request, query[name], "/" + (f"?{urlencode(rest)}" if rest else ""))
        return self._page(request, query)

    def _signed(self, request: HttpRequest) -> Reply:
        """Answer the form that signs a person in, or the button that signs one out."""
        if request.path == SIGN_OUT:
            self._sessions.close(self._key(request))
            return _moved("/", self._cookie(request, ""))
        form = _pairs(request.body.decode(errors="replace"))
        return self._sign_in(request, form.get(self._look.credential, "").strip(), form.get("next", ""))

    def _sign_in(self, request: HttpRequest, credential: str, target: str) -> Reply:
        try:
            known = self._admitted(credential)
        except NotAdmitted as error:
            return self._form(403, target, str(error))
        address = target if _OWN_ADDRESS.fullmatch(target) else "/"
        before = self._key(request) if self._look.keeps_several else ""
        return _moved(address, self._cookie(request, self._sessions.open(known, before)))

    def _no_page(self, request: HttpRequest) -> Reply:
        """Lead from ``/jobs/`` to ``/jobs``; say of any other address that it has no page."""
        if request.path in (SIGN_IN, SIGN_OUT):  # loaded once more, where only a form leads
            return _moved("/")
        address = request.path.rstrip("/")
        if address and find(self._look.pages, address) is not None:
            return _moved(quote(address) + (f"?{request.query}" if request.query else ""))
        shown = request.path if len(request.path) <= MOST_SHOWN else request.path[:MOST_SHOWN] + "..."
        sentence = (
            f"There is no page at {shown} here. The name of this server, above, leads to the first page."
        )
        held = self._sessions.current(self._key(request))
        try:
            whose = self._whose(self._admitted(held)) if held else ""
        except NotAdmitted:
            whose = ""
        return self._told(404, "Not found", sentence, whose)

    def _page(self, request: HttpRequest, query: Mapping[str, str]) -> Reply:
        name, key = self._look.credential, self._key(request)
        held = credential = self._sessions.current(key)
        rest = {key: value for key, value in query.items() if key != name}
        target = quote(request.path) + (f"?{urlencode(rest)}" if rest else "")
        if not credential:
            is_link = guard.is_link(request) and name not in query  # another site signs nobody in
            return self._form(401, target, is_link=is_link)
        try:
            credential = self._admitted(credential)
        except NotAdmitted as error:  # it has expired, or was deleted
            self._sessions.forget(key, held)
            return self._form(403, target, str(error))
        found = find(self._look.pages, request.path)
        assert found is not None  # is_asked has found it
        form = _pairs(request.body.decode(errors="replace")) if request.method == "POST" else None
        try:
            session = Session(self._sessions, key)
            return self._answer(Asked(*found, query, form, request.path, credential, session))
        except Elsewhere as other:
            return _moved(other.address)
        except Exception as error:
            status, said = self._refusal(error) or (500, "")
            if said:
                title = "Not found" if status == HTTPStatus.NOT_FOUND else "Not possible"
                return self._told(status, title, said, self._whose(credential))
            LOGGER.exception("The page %s failed", request.path)
            said = f"This page failed ({type(error).__name__}). The server's log has the error."
            return self._told(500, "Error", said, self._whose(credential))

    def _written(self, page: Page, values: Mapping[str, Any], credential: str) -> Reply:
        """Return a page with its values, for who has signed in with the credential."""
        given = {"title": page.title, "is_live": False, **values}
        section = "/" + page.path.split("/")[1]
        reply = self._framed(200, page.template, given, section=section, whose=self._whose(credential))
        if not page.has_frames:
            return reply
        return Reply(reply.status, reply.body, {**HTML, "Content-Security-Policy": POLICY + FRAMES})

    def _told(self, status: int, title: str, sentence: str, whose: str = "") -> Reply:
        values = {"title": title, "sentence": sentence, "is_live": False}
        return self._framed(status, "told", values, whose=whose)

    def _form(self, status: int, target: str, refusal: str = "", *, is_link: bool = False) -> Reply:
        """Return the form to sign in.

        Args:
            status: of the answer.
            target: where the person wants to go.
            refusal: why the credential was refused.
            is_link: whether the request came from another site. Its cookie was not sent then, and is with the
                next request, which this page makes by itself.
        """
        values = {
            "title": "Sign in",
            "target": target if _OWN_ADDRESS.fullmatch(target) else "/",
            "refusal": refusal,
            "about": self._look.about,
            "credential": self._look.credential,
            "is_link": is_link,
            "is_live": False,
        }
        return self._framed(status, "sign_in", values)

    def _framed(
        self, status: int, template: str, values: Mapping[str, Any], *, section: str = "", whose: str = ""
    ) -> Reply:
        """Return a page in its frame; ``whose`` is empty where nobody has signed in."""
        shown = [item for item in self._look.pages if item.is_shown and whose]
        frame = {
            "site": self._look.name,
            "pages": [{"path": item.path, "title": item.title} for item in shown],
            "section": section,
            "whose": whose,
            "choice": self._look.choice,
            "is_signed_in": bool(whose),
        }
        return Reply(status, self._render(template, {**values, **frame}), HTML)

    def _key(self, request: HttpRequest) -> str:
        return key_of(self._look.name, request.headers)

    def _cookie(self, request: HttpRequest, key: str) -> str:
        return cookie(self._look.name, request.headers, key, is_https=request.url.startswith("https:"))


def _moved(address: str, cookie_header: str = "") -> Reply:
    headers = {"Location": address, "Cache-Control": "no-store", **HEADERS}
    return Reply(303, b"", {**headers, "Set-Cookie": cookie_header} if cookie_header else headers)


def sandboxed(html: str) -> Reply:
    """Return HTML that somebody else has written, for a frame of a page or a window of its own."""
    return Reply(200, html.encode(errors="replace"), dict(SANDBOXED))


def picture(png: bytes) -> Reply:
    """Return a PNG that somebody else has made, for a page or a window of its own."""
    return Reply(200, png, dict(PICTURE))


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
