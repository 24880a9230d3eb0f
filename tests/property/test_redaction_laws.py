"""Laws of redaction, over texts that hypothesis makes up."""

from __future__ import annotations

import json
import string
from typing import Any, List
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.redaction import MASK, Redactor

# Secrets that no ordinary text holds by chance, with characters that URLs and JSON escape.
SECRETS = st.text(string.ascii_letters + string.digits + "/+=&%\"'\\ é{};@:", min_size=8, max_size=40)
SECRETS = SECRETS.map(str.strip).filter(lambda text: len(text) >= 8 and text not in MASK)
HOSTILE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                *(
                    "password=",
                    "token: ",
                    '"pwd": "',
                    "sig=",
                    "Bearer ",
                    "Authorization: ",
                    "https://u:",
                    "@",
                ),
                *(
                    MASK,
                    "[RED",
                    "ACTED]",
                    "AccountKey=",
                    "dapi",
                    "0123456789abcdef",
                    "&",
                    ";",
                    ",",
                    '"',
                    "'",
                    "\\",
                ),
                *(
                    "\n",
                    " ",
                    "://",
                    "AKIAIOSFODNN7EXAMPLE",
                    "%3D",
                    "{",
                    "}",
                    "-----BEGIN PRIVATE KEY-----",
                    "abcd",
                ),
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=12,
).map("".join)
WORDS = st.lists(
    st.one_of(
        st.from_regex(r"[a-z]{1,12}", fullmatch=True),
        st.from_regex(r"(/[a-z0-9_\-]{1,8}){1,4}\.(csv|parquet|json)", fullmatch=True),
        st.from_regex(r"[a-z]{1,8}\.[a-z]{1,8}@[a-z]{1,8}\.(com|org)", fullmatch=True),
        st.from_regex(r"https://[a-z]{1,8}\.com:[0-9]{2,4}/[a-z]{0,5}(\?page=[0-9])?", fullmatch=True),
        st.integers().map(str),
        st.sampled_from(["signature", "password", "token", "secret", "bearer of", "sig", "pwd:", "keys=3"]),
    )
).map(" ".join)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), HOSTILE),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(HOSTILE, inner, max_size=3)),
    max_leaves=8,
)


class TestRedactionLaws:
    """Secrets [...] are masked in every log line, result, error and table, whatever raised them."""

    @given(SECRETS, HOSTILE, HOSTILE)
    def test_no_spelling_of_a_known_secret_survives(self, secret: str, before: str, after: str) -> None:
        redact = Redactor([secret])
        for spelling in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
            assert spelling not in redact(f"{before}{spelling}{after}").replace(MASK, "\0")

    @given(st.lists(st.one_of(SECRETS, st.text(max_size=8))), HOSTILE)
    def test_redacting_twice_is_redacting_once(self, secrets: List[str], text: str) -> None:
        redact = Redactor(secrets)
        once = redact(text)
        assert redact(once) == once

    @given(SECRETS, WORDS)
    def test_text_without_secrets_is_unchanged(self, secret: str, text: str) -> None:
        if secret not in text:
            assert Redactor([secret])(text) == text

    @given(SECRETS, JSON)
    def test_a_redacted_structure_stays_redacted_and_holds_no_secret(self, secret: str, value: Any) -> None:
        redact = Redactor([secret])
        once = redact.redact_json({"inner": value, "text": secret})
        assert redact.redact_json(once) == once
        assert once["text"] == MASK
