"""Answers a browser: signs a person in, finds the page, hides secrets in its values, writes it."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping
from urllib.parse import parse_qsl, urlencode

from fake_databricks.errors import ApiError, InvalidToken
from fake_databricks.redaction import mask_urls
from fake_databricks.request.call import Reply
from fake_databricks.web.pages import guard, routes
from fake_databricks.web.pages.rendering import render
from fake_databricks.web.pages.sessions import Sessions, cookie, key_of
from fake_databricks.web.pages.visit import Elsewhere, Visit

if TYPE_CHECKING:
    from fake_databricks.web.asked import HttpRequest
    from fake_databricks.web.pages.routes import Page
    from fake_databricks.web.tenants import Registry, Tenant

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
HTML = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **HEADERS}
_FORM = "application/x-www-form-urlencoded"
_OWN_ADDRESS = re.compile(r"/(?:[A-Za-z0-9_.~%-][A-Za-z0-9_/.~%-]*)?(?:\?[A-Za-z0-9_.~%&=+-]*)?")


class Site:
    """The pages of a server, each for the workspace of the token that the person has signed in with.

    Args:
        registry: finds the workspace of a token.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._sessions = Sessions()
        self._static = {f"/static/{file.name}": file.read_bytes() for file in sorted(STATIC.iterdir())}

    def is_asked(self, request: HttpRequest) -> bool:
        """Whether a browser asks for a page, or sends one of its forms; every other call is of the API."""
        if request.method in ("GET", "HEAD"):
            if request.path in self._static:
                return True
            return "text/html" in request.headers.get("accept", "") and routes.find(request.path) is not None
        is_form = request.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM
        is_ours = request.path in (SIGN_IN, SIGN_OUT) or request.path in routes.ACTIONS
        return request.method == "POST" and is_form and is_ours

    def answer(self, request: HttpRequest) -> Reply:
        """Answer what ``is_asked``."""
        objection = guard.objection(request)
        if objection:
            return _told(403, "Refused", objection)
        if request.path in self._static:
            kind = KINDS[Path(request.path).suffix]
            headers = {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache", **HEADERS}
            return Reply(200, self._static[request.path], headers)
        query = _pairs(request.query)
        if request.path == SIGN_IN:
            form = _pairs(request.body.decode(errors="replace"))
            return self._sign_in(request, form.get("token", "").strip(), form.get("next", ""))
        if request.path == SIGN_OUT:
            self._sessions.close(key_of(request.headers))
            return _moved("/", cookie(request.headers, "", is_https=_is_https(request)))
        if request.path == "/" and "token" in query and not guard.is_link(request):
            rest = {name: value for name, value in query.items() if name != "token"}
            return self._sign_in(request, query["token"], "/" + (f"?{urlencode(rest)}" if rest else ""))
        return self._page(request, query)

    def _sign_in(self, request: HttpRequest, credential: str, target: str) -> Reply:
        try:
            token = self._registry.admitted(credential)
        except InvalidToken as error:
            return _form(403, target, error.message)
        key = self._sessions.open(token)
        address = target if _OWN_ADDRESS.fullmatch(target) else "/"
        return _moved(address, cookie(request.headers, key, is_https=_is_https(request)))

    def _page(self, request: HttpRequest, query: Mapping[str, str]) -> Reply:
        key = key_of(request.headers)
        token = self._sessions.token(key)
        if not token:
            given = {name: value for name, value in query.items() if name != "token"}
            target = request.path + (f"?{urlencode(given)}" if given else "")
            is_link = guard.is_link(request) and "token" not in query  # another site signs nobody in
            return _form(401, target, is_link=is_link)
        try:
            token = self._registry.admitted(token)
        except InvalidToken as error:  # it has expired, or was deleted
            self._sessions.close(key)
            return _form(403, request.path, error.message)
        found = routes.find(request.path)
        assert found is not None  # is_asked has found it
        page, names = found
        try:
            tenant = self._registry.tenant(token)
            form = _pairs(request.body.decode(errors="replace")) if request.method == "POST" else {}
            visit = Visit(tenant.workspace, self._registry.controls(token, tenant), names, query, form)
            view = routes.ACTIONS[request.path] if request.method == "POST" else page.view
            return _written(page, view(visit), tenant)
        except Elsewhere as other:
            return _moved(other.address)
        except ApiError as error:
            return _told(error.status, "Not possible", error.message, is_signed_in=True)
        except Exception as error:
            LOGGER.exception("The page %s failed", request.path)
            said = f"This page failed ({type(error).__name__}). The server's log has the error."
            return _told(500, "Error", said, is_signed_in=True)


def _written(page: Page, values: dict[str, Any], tenant: Tenant) -> Reply:
    """Return a page whose values have no secret of the workspace."""
    given = {"title": page.title, "is_live": False, **values}
    hidden = mask_urls(tenant.workspace.secrets.redact(given))
    frame = {
        "pages": [{"path": item.path, "title": item.title} for item in routes.PAGES if item.is_shown],
        "section": "/" + page.path.split("/")[1],
        "workspace_id": tenant.workspace.workspace_id,
        "is_signed_in": True,
    }
    return Reply(200, render(page.template, {**hidden, **frame}), HTML)


def _told(status: int, title: str, sentence: str, *, is_signed_in: bool = False) -> Reply:
    shown = [item for item in routes.PAGES if item.is_shown and is_signed_in]
    values = {
        "title": title,
        "sentence": sentence,
        "pages": [{"path": item.path, "title": item.title} for item in shown],
        "section": "",
        "workspace_id": "",
        "is_live": False,
        "is_signed_in": is_signed_in,
    }
    return Reply(status, render("told", values), HTML)


def _form(status: int, target: str, refusal: str = "", *, is_link: bool = False) -> Reply:
    """Return the form for a token.

    Args:
        status: of the answer.
        target: where the person wants to go.
        refusal: why the token was refused.
        is_link: whether the request came from another site. Its cookie was not sent then, and is with the
            next request, which this page makes by itself.
    """
    values = {
        "title": "Sign in",
        "target": target if _OWN_ADDRESS.fullmatch(target) else "/",
        "refusal": refusal,
        "is_link": is_link,
        "pages": [],
        "section": "",
        "workspace_id": "",
        "is_live": False,
        "is_signed_in": False,
    }
    return Reply(status, render("sign_in", values), HTML)


def _moved(address: str, cookie_header: str = "") -> Reply:
    headers = {"Location": address, "Cache-Control": "no-store", **HEADERS}
    return Reply(303, b"", {**headers, "Set-Cookie": cookie_header} if cookie_header else headers)


def _is_https(request: HttpRequest) -> bool:
    return request.url.startswith("https:")


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
