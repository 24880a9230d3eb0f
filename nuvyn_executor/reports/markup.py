"""Writes HTML. Every text is escaped; only :func:`element` and :func:`joined` return what is not. Pure."""

from __future__ import annotations

import html
import re
from typing import Optional, Sequence, Union

_VOID = frozenset({"input", "meta"})
_WITHOUT_END = frozenset({"dd", "dt", "li", "td", "th", "tr"})
"""HTML ends these where the next one begins: a tenth of a large page."""
_PLAIN = re.compile(r"[\w .:/@-]*", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_BLANK = 0x20
_PICTURES = 0x2400  # the signs for control characters: ␊ for a line feed


class Markup(str):
    """HTML that is complete and escaped."""

    __slots__ = ()


Content = Union[None, str, int, Sequence["Content"]]
"""What stands in an element: text is escaped, :class:`Markup` is not, ``None`` is nothing."""
Attribute = Union[None, str, int, float, bool]
"""The value of an attribute: ``None`` and ``False`` leave it out, ``True`` writes its name alone."""


def element(tag: str, *content: Content, **attributes: Attribute) -> Markup:
    """Return an element.

    Args:
        tag: its name.
        content: what stands in it.
        attributes: ``class_`` is ``class``, ``aria_label`` is ``aria-label``.
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{joined(content)}{'' if tag in _WITHOUT_END else f'</{tag}>'}")


def shape(tag: str, **attributes: Attribute) -> Markup:
    """Return an element of SVG that holds nothing."""
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    return Markup(f"<{tag}{written}/>")


def joined(content: Content) -> Markup:
    """Return content as one piece of HTML."""
    if content is None:
        return Markup()
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(_escaped(content))
    if isinstance(content, int):
        return Markup(content)
    return Markup("".join(map(joined, content)))


def name(text: Optional[str]) -> Markup:
    """Return a name of a client's data: whatever its direction, what follows keeps its order.

    A name of blanks alone has words in its place, so that a link has something to press.
    """
    text = text or ""
    if not text.strip():
        return Markup("(no name)")
    return joined(text) if _PLAIN.fullmatch(text) else element("bdi", text)


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    key = key.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{_escaped(str(value))}"'


def _escaped(text: str) -> str:
    """Return a text as HTML; a control character is shown as its sign, so that no line is broken unseen."""
    return html.escape(_CONTROL.sub(_sign, text))


def _sign(found: re.Match[str]) -> str:
    code = ord(found.group())
    return chr(_PICTURES + code) if code < _BLANK else "\ufffd"
