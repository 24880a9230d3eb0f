"""A request becomes a body that has the documented shape, or a refusal. Pure."""

from __future__ import annotations

import json
import zlib
from typing import Any, Mapping, Tuple

from contract.payload_shape import find_problems
from contract.receiver.answers import refusal

MAX_BODY_BYTES = 64_000_000
MAX_PROBLEMS = 20
_GZIP = 16 + zlib.MAX_WBITS


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse by its headers what need not be read.

    Args:
        headers: with lower-case names.

    Raises:
        Refused: 413 or 415.
    """
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > MAX_BODY_BYTES:
        raise refusal(413, "too_large", f"wanted at most {MAX_BODY_BYTES} bytes, got {length[:20]}")
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise refusal(
            415, "unsupported_media_type", f"wanted application/json, got {content_type or 'nothing'}"
        )
    encoding = _encoding(headers)
    if encoding not in ("", "identity", "gzip"):
        raise refusal(
            415, "unsupported_encoding", f"wanted Content-Encoding gzip or none, got {encoding[:100]}"
        )


def read_body(headers: Mapping[str, str], content: bytes) -> Tuple[Any, str]:
    """Return the JSON value of a request, and its text as it is kept.

    Raises:
        Refused: 400 or 413.
    """
    if len(content) > MAX_BODY_BYTES:
        raise refusal(413, "too_large", f"wanted at most {MAX_BODY_BYTES} bytes, got more")
    if _encoding(headers) == "gzip":
        content = _unpacked(content)
    try:
        body = json.loads(content.decode("utf-8"), parse_constant=_refuse_constant)
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()  # half of a surrogate pair is no text, and cannot be kept
    except (ValueError, RecursionError) as error:
        said = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise refusal(400, "invalid_json", f"the body is no JSON: {said[:500]}") from None
    return body, text


def named_tenant(body: Any) -> str:
    """Return the tenant that a JSON value names, whatever else is wrong with it; empty for none."""
    tenant = body.get("tenant_id") if isinstance(body, dict) else None
    return tenant if isinstance(tenant, str) else ""


def check_shape(body: Any) -> None:
    """Refuse what does not have the documented shape.

    Raises:
        Refused: 422.
    """
    problems = [problem for problem, _ in zip(find_problems(body), range(MAX_PROBLEMS))]
    if problems:
        first = "{path}: wanted {wanted}, got {got}".format(**problems[0])
        raise refusal(422, "invalid_body", first, problems=problems)


def _encoding(headers: Mapping[str, str]) -> str:
    return headers.get("content-encoding", "").strip().lower()


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        unpacked = unpacker.decompress(content, MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise refusal(400, "invalid_gzip", f"the body is no gzip: {error}") from None
    if len(unpacked) > MAX_BODY_BYTES:
        raise refusal(413, "too_large", f"wanted at most {MAX_BODY_BYTES} bytes, got more after unpacking")
    if not unpacker.eof or unpacker.unused_data:
        raise refusal(400, "invalid_gzip", "the body is no gzip: it must be one whole gzip stream")
    return unpacked


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
