"""A command for a shell that sends a request of the journal again, with the token of a variable. Pure."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any, Callable, Mapping
from urllib.parse import quote

from fake_databricks.errors import MalformedRequest
from fake_databricks.redaction import MASK
from fake_databricks.request.documents import read_document

Clean = Callable[[Any], Any]
LEFT_OUT = frozenset(
    {
        *("host", "content-length", "user-agent", "accept-encoding", "connection", "authorization", "cookie"),
        *("traceparent", "transfer-encoding", "expect", "keep-alive"),
    }
)
_SAFE_IN_PATHS = "/:@!$&'()*+,;=~-._%"
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*")
_GLOBS = frozenset("[]{}")
_DOTS = re.compile(r"/\.\.?(?:/|$)")
_IN_BASH = {ord("\\"): "\\\\", ord("'"): "\\'", ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_IN_PRINTF = {ord("\\"): "\\\\", ord("'"): "\\047", ord("%"): "%%"}
_TO_FILL_IN = f"# First write what was there in the place of {MASK}.\n"


def command(
    method: str, target: str, headers: Mapping[str, str], body: bytes | str, clean: Clean = lambda x: x
) -> str:
    """Return the command; a comment in its place where the body is not there any more.

    Args:
        method: HTTP method.
        target: path and query, as the journal has them.
        headers: the headers by lower-case name.
        body: the bytes, or the note that stands in their place.
        clean: hides the secrets in a text or a JSON value. It works before a shell's quotes are added, which
            would cut a secret into pieces.
    """
    path, mark, query = target.partition("?")
    address = quote(clean(path), safe=_SAFE_IN_PATHS) + mark + clean(query)
    options = ["--globoff"] * bool(_GLOBS & set(address)) + ["--path-as-is"] * bool(_DOTS.search(path))
    words = ["curl", *options, "-X", method]
    if method == "HEAD":
        words = [*words[:-2], "--head"]
    lines = [
        f'{shlex.join(words)} "$DATABRICKS_HOST"{_quoted(address)}',
        '-H "Authorization: Bearer $DATABRICKS_TOKEN"',
    ]
    lines += [
        f"-H {_quoted(f'{name}: {clean(value)}' if value else f'{name};')}"
        for name, value in headers.items()
        if name not in LEFT_OUT and not name.startswith("sec-") and value != "*/*"
    ]
    if isinstance(body, str):
        return f"# The journal does not have the body of this request any more: {clean(body)}"
    piped = ""
    if b"\0" in body:  # which no word of a shell can have
        piped = f"printf {_printed(_cleaned(body, clean))} | "
        lines.append("--data-binary @-")
    elif body:
        lines.append(f"--data-raw {_body(body, clean)}")
    written = piped + " \\\n  ".join(lines)
    return (_TO_FILL_IN if MASK in written else "") + written


def _body(body: bytes, clean: Clean) -> str:
    """Return the body as a word of a shell; JSON as it came, unless a secret is in it."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _escaped(_cleaned(body, clean))
    try:
        document = read_document(body)
    except MalformedRequest:
        return _quoted(clean(text))
    hidden = clean(document)
    return _quoted(clean(text) if hidden == document else json.dumps(hidden, ensure_ascii=False))


def _cleaned(body: bytes, clean: Clean) -> bytes:
    hidden: str = clean(body.decode(errors="surrogateescape"))
    return hidden.encode(errors="surrogateescape")


def _quoted(text: str) -> str:
    if _PRINTABLE.fullmatch(text):
        return shlex.quote(text)
    return _escaped(text.encode(errors="replace"))


def _escaped(content: bytes) -> str:
    """Return bytes as bash reads them: ``$'...'``."""
    return f"$'{_octal(content, _IN_BASH)}'"


def _printed(content: bytes) -> str:
    """Return bytes as ``printf`` of any shell reads them; a ``-`` at the begin would be an option."""
    written = _octal(content, _IN_PRINTF)
    return f"'{written}'" if not written.startswith("-") else f"'\\055{written[1:]}'"


def _octal(content: bytes, plain: Mapping[int, str]) -> str:
    return "".join(
        plain.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")  # noqa: PLR2004  ASCII
        for byte in content
    )
