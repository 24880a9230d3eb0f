"""Masks secrets in every text that is logged, stored or sent. Pure.

A text is a secret when its value was configured (:class:`Redactor` gets it), or when it stands where secrets
stand (``sig=`` of a SAS token, the password of a URL, ``Authorization: Bearer``). Masking too much costs a
word of a message, masking too little costs a key: in doubt, a text is masked.

The time grows with the length of the text, whatever it holds: texts come from files, paths and platforms. So
each pattern looks at a character a limited number of times. What is repeated without a limit must not hold a
place where the same pattern may begin again; ``tests/property/test_redaction_is_linear.py`` counts the looks.
"""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Pattern, Set, Tuple
from urllib.parse import quote, quote_plus

MASK = "[REDACTED]"

# Shorter values occur in ordinary text by chance: those of fewer than 4 characters are never replaced, those
# of fewer than 8 only where they are whole words.
_SHORTEST = 4
_SHORTEST_INSIDE_WORDS = 8
# Ordinary texts need two. One that was made to need a round for each of its words is masked as a whole.
_ROUNDS = 12


class Secret:
    """A text that is masked in ``str`` and ``repr``; :meth:`reveal` returns it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret; call this where it is used, and store no copy."""
        return self._text

    def __repr__(self) -> str:
        """Return the mask."""
        return f"Secret({MASK})"

    def __str__(self) -> str:
        """Return the mask."""
        return MASK

    def __eq__(self, other: object) -> bool:
        """Compare the texts."""
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        """Hash the text."""
        return hash((Secret, self._text))

    def __reduce__(self) -> Tuple[Any, ...]:
        """Refuse to be pickled or copied."""
        raise TypeError("a Secret is not pickled: a pickle would show it")


# Names that are followed by a secret, as the end of a longer name too (``trustStorePassword``, ``db_token``).
_KEY = (
    r"(?:password|passwd|passphrase|pwd|secret|token|credentials|api[_.\-]?key|access[_.\-]?key(?:[_.\-]?id)?"
    r"|account[_.\-]?key|shared[_.\-]?key|shared[_.\-]?access[_.\-]?key|secret[_.\-]?key|secret[_.\-]?access[_.\-]?key"
    r"|private[_.\-]?key|client[_.\-]?secret|x-(?:amz|goog)-(?:signature|credential|security-token)"
    r"|(?<![A-Za-z0-9_])sig|(?<=[?&])signature)"
)
# Hadoop's names of account keys and SAS tokens go on after the word: fs.azure.account.key.<account>.dfs...
# They hold names of hosts, which have at most 253 characters.
_HADOOP_KEY = r"fs\.azure\.(?:account\.key|sas|account\.oauth2\.client\.secret)[\w.\-]{0,255}"
# A quote that a comma, bracket or blank follows closes what came before: {"query": "password=", "n": 1}
_QUOTED = (
    r"\"(?![,:}\]\s])(?:[^\"\\]|\\.)+\"|'(?![,:}\]\s])(?:[^'\\]|\\.)+'"
    r"|\\\"(?![,:}\]\s]).+?(?<!\\)\\\"|\{(?:[^{}]|\}\})+\}"
)
# A bare value ends at white space, a quote, ``&`` or ``;``, and at a comma that ends the word. A
# quote before it that nothing closes belongs to it: a text was cut.
_BARE = r"(?:[\"'](?![,:}\]\s]))?(?:[^\s&;,\"'\\]|,(?![\s\"']|$))+"
_EQUALS = r"(?:[ \t]*=(?![=>~])[ \t]*|%3[Dd])"
_COLON = r"[ \t]*:[ \t]*"
_USER = r"(?:\[REDACTED\]|[^\s/:;@\[\"'<>])*"


class Rule(NamedTuple):
    """Where secrets stand.

    Attributes:
        pattern: its groups ``before`` and ``after`` stay, the rest of a match is masked.
        within: the parts of a text that the pattern is looked for in; ``None``: all of it.
    """

    pattern: Pattern[str]
    within: Optional[Pattern[str]] = None

    def mask(self, text: str) -> str:
        """Return the text with a mask in place of each secret."""
        if self.within is None:
            return self.pattern.sub(_mask_match, text)
        return self.within.sub(lambda part: self.pattern.sub(_mask_match, part.group()), text)


_BLOCKS_AND_HEADERS = (
    re.compile(r"(?P<before>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:(?!-----)[^\"'])+"),
    # Authorization: Bearer xyz, also as an entry of a dict; AWS's scheme goes to the line's end
    re.compile(
        r"(?P<before>\b(?:proxy-)?authorization\\*[\"']?[ \t]*[:=][ \t]*(?:b?\\*[\"'])?"
        r"AWS4-HMAC-SHA256 )[^\r\n\"'\\]+",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?P<before>\b(?:(?:proxy-)?authorization|x-api-key|x-auth-token|ocp-apim-subscription-key)\\*[\"']?"
        r"[ \t]*[:=][ \t]*(?:b?\\*[\"'])?(?:(?:Bearer|Basic|Digest|Token|Negotiate|AWS4-HMAC-SHA256)[ \t]+)?)"
        r"(?![=>])[^\s\"',;\\]+",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<before>\bBearer[ \t]+)(?=\S*[0-9_])[A-Za-z0-9._~+/\-]{12,}=*", re.IGNORECASE),
)
# scheme://user:password@host; the first lookahead lets host:port/path?mail=a@b pass. A password ends at the
# last ``@`` before a path. Where no ``@`` follows, each scheme would be followed to the end of the text.
_URL_PASSWORD = Rule(
    re.compile(
        rf"(?P<before>(?<![A-Za-z0-9+.\-])[A-Za-z][A-Za-z0-9+.\-]{{0,30}}://{_USER}:)(?!\d{{1,5}}(?:[/?#,;\s\"'<>]|$))[^\s\"'<>]+?"
        r"(?P<after>@(?![^\s/?#\"'<>@]*@))"
    ),
    within=re.compile(r"(?<![^\s\"'<>])[^\s\"'<>]+@"),
)
_VALUES = (
    re.compile(r"(?P<before>\b(?:https?|s3[an]?|gs)://)[^\s/?#\"'<>@:]+(?P<after>@)", re.IGNORECASE),
    re.compile(r"(?P<before>\bjdbc:oracle:\w+:[^\s/:@]+/)[^\s@/]+(?P<after>@)"),
    # A SharedAccessSignature holds ``&`` itself: it ends at ``;``
    re.compile(r"(?P<before>SharedAccessSignature[ \t]*=[ \t]*)[^;\s\"'\\]+", re.IGNORECASE),
    re.compile(rf"(?P<before>(?:{_HADOOP_KEY}|{_KEY}){_EQUALS})(?:{_QUOTED}|{_BARE})", re.IGNORECASE),
    # "password": "xyz" of JSON, of a dict's repr, of JSON inside JSON (31 backslashes: five times); the
    # quotes stay, so JSON stays JSON
    re.compile(rf"(?P<before>{_KEY}\"{_COLON}\")(?:[^\"\\]|\\.)+(?P<after>\")", re.IGNORECASE),
    re.compile(rf"(?P<before>{_KEY}'{_COLON}')(?:[^'\\]|\\.)+(?P<after>')", re.IGNORECASE),
    re.compile(
        rf"(?P<before>{_KEY}(?P<escape>\\{{1,31}})\"{_COLON}(?P=escape)\").+?(?P<after>(?<!\\)(?P=escape)\")",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![A-Za-z0-9])(?:dapi[0-9a-fA-F]{16,}(?:-\d+)?)+"),
    re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{36,})"),
    # a JSON Web Token. Of several "eyJ" in one word the first decides: what follows is the same for all
    re.compile(
        r"(?<![\w\-])(?P<before>(?:(?!(?<![A-Za-z0-9])eyJ)[\w\-])*)(?<![A-Za-z0-9])"
        r"eyJ[\w\-]{10,}\.[\w\-]{10,}\.[\w\-]{5,}"
    ),
)
RULES = (*map(Rule, _BLOCKS_AND_HEADERS), _URL_PASSWORD, *map(Rule, _VALUES))
"""Where secrets stand in a text, in the order in which they are masked."""
_SECRET_NAME = re.compile(rf".*{_KEY}|SharedAccessSignature|{_HADOOP_KEY}", re.IGNORECASE)
_PARTS = re.compile(r"(?:AccountKey|SharedAccessKey|SharedAccessSignature|sig)=([^;&\s]+)", re.IGNORECASE)


def _mask_match(match: re.Match[str]) -> str:
    groups = match.groupdict()
    return f"{groups.get('before') or ''}{MASK}{groups.get('after') or ''}"


def _spellings(secret: str) -> Iterable[str]:
    """Return how one secret may stand in a text: as it is, URL-encoded, JSON-escaped."""
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda code: code.group().lower(), text) for text in encoded}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    return {secret, *encoded, *lower, *escaped}


def _known_values(secrets: Iterable[str]) -> Set[str]:
    values: Set[str] = set()
    for text in secrets:
        secret = text.strip()
        values.add(secret)
        # A connection string is a secret, and so is the key in it. A log may break a long one into lines.
        values.update(_PARTS.findall(secret))
        values.update(line for line in secret.splitlines() if len(line) >= _SHORTEST_INSIDE_WORDS)
    return {value for value in values if len(value) >= _SHORTEST and value not in MASK}


def _compile_known(secrets: Iterable[str]) -> List[Pattern[str]]:
    spelled = {text for value in _known_values(secrets) for text in _spellings(value)}
    inside = [re.escape(text) for text in spelled if len(text) >= _SHORTEST_INSIDE_WORDS]
    alone = [rf"(?<!\w){re.escape(text)}(?!\w)" for text in spelled if len(text) < _SHORTEST_INSIDE_WORDS]
    # The longest first: where one secret is part of another, the whole longer one has to be masked.
    return [
        re.compile("|".join(sorted(group, key=lambda text: (-len(text), text))))
        for group in (inside, alone)
        if group
    ]


class Redactor:
    """Masks the secrets of a text. Masking a masked text changes nothing.

    Args:
        secrets: known secret values. Those of fewer than 4 characters are ignored (they would occur inside
            ordinary words), those of fewer than 8 are replaced only as whole words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = set(secrets)
        self._known = _compile_known(self._secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Mask more secrets from now on: those of a path, which are known when it was read."""
        new = set(secrets) - self._secrets
        if new:
            self._secrets |= new
            self._known = _compile_known(self._secrets)

    def __call__(self, text: str) -> str:
        """Replace known secrets and what looks like one by ``[REDACTED]``."""
        # A replacement may make another match possible beside it, so this is repeated until nothing changes.
        for _ in range(_ROUNDS):
            masked = self._mask_once(text)
            if masked == text:
                return text
            text = masked
        return MASK

    def redact_json(self, value: Any) -> Any:
        """Redact every text of a JSON-like value (dict, list, tuple, str), keys included.

        A text whose key names a secret (``password``, ``client_secret``) is masked as a whole. Other values
        are returned as they are; tuples come back as lists, as JSON has it.
        """
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            masked: Dict[Any, Any] = {}
            numbers: Dict[Any, Iterator[int]] = {}
            for key, entry in value.items():
                masked[self._redact_key(key, masked, numbers)] = self._redact_entry(key, entry)
            return masked
        if isinstance(value, (list, tuple)):
            return [self.redact_json(entry) for entry in value]
        return value

    def _redact_key(self, key: Any, taken: Mapping[Any, Any], numbers: Dict[Any, Iterator[int]]) -> Any:
        masked = self(key) if isinstance(key, str) else key
        if masked not in taken:
            return masked
        # Two file names may differ only in their SAS tokens: neither entry may be lost.
        free = numbers.setdefault(masked, count(2))
        return next(name for name in (f"{masked} ({n})" for n in free) if name not in taken)

    def _redact_entry(self, key: Any, entry: Any) -> Any:
        if isinstance(entry, str) and entry and isinstance(key, str) and _SECRET_NAME.fullmatch(key):
            return MASK
        return self.redact_json(entry)

    def _mask_once(self, text: str) -> str:
        for known in self._known:
            # Masks are left out of the search: a secret may begin or end like the mask.
            text = MASK.join(known.sub(MASK, part) for part in text.split(MASK))
        for rule in RULES:
            text = rule.mask(text)
        return text
