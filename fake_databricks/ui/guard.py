"""Which requests for a page come from this server's own pages or from a person, and not from another site.

``callers.py`` has checked Host and Origin before. Browsers also say in ``Sec-Fetch-*`` who asks. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fake_databricks.request.asked import HttpRequest

OWN = ("same-origin", "none")
"""A page of this server; the person: a typed address, a bookmark, a link of a terminal."""


def objection(request: HttpRequest) -> str:
    """Return why a request is refused, or an empty text.

    Another site may link to a page. It may not load one, show one in a frame, or send a form.
    """
    site = request.headers.get("sec-fetch-site", "")
    if request.method == "POST":
        # With one of the two the browser has said that the form is ours: Origin was compared with Host.
        if site == "same-origin" or (not site and "origin" in request.headers):
            return ""
        return "A form of another site, or of an unknown one, may not change anything here."
    if not site or site in OWN or is_link(request):
        return ""
    return "Another site may link to this page, and may not load it."


def is_link(request: HttpRequest) -> bool:
    """Whether a person has followed a link on another site."""
    return (
        request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
        and request.headers.get("sec-fetch-mode") == "navigate"
        and request.headers.get("sec-fetch-dest") == "document"
    )
