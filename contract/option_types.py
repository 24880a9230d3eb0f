"""The types of options: argparse refuses a value with the sentence that they raise. Pure."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from urllib.parse import urlsplit

_MOST_SECONDS = 1_000_000_000.0  # sockets and processes wait no longer than that
_NOT_IN_URLS = re.compile(r"[\x00-\x20\x7f]")
_NOT_IN_HEADERS = re.compile(r"[^\t\x20-\x7e\xa0-\xff]")


def server_url(text: str) -> str:
    """Return the URL of a server."""
    wanted = ArgumentTypeError(f"{text!r} is no URL such as http://127.0.0.1:8080 or https://host")
    try:
        parts = urlsplit(text)
        is_right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        (parts.hostname or "").encode("idna")
        parts.path.encode("ascii")
    except ValueError:
        raise wanted from None
    if not is_right or _NOT_IN_URLS.search(text):
        raise wanted
    return text


def header_value(text: str) -> str:
    """Return a token or key, which is sent in a header; an error does not show it."""
    if _NOT_IN_HEADERS.search(text):
        raise ArgumentTypeError("it has a character that no header can have, such as a line feed")
    return text


def seconds(text: str) -> float:
    """Return a time; of none at all nothing could be awaited."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= _MOST_SECONDS:  # not so of NaN
        raise ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def count(text: str) -> int:
    """Return a number of things, at least one."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number from 1")
    return value
