"""What the names of columns say: which is the key, which says when a row was written. Pure."""

from __future__ import annotations

import re
from typing import List, Mapping, Tuple

from nuvyn_executor.quality.checks.check import words_of

_WRITTEN = re.compile(
    r"(?:^|_)(?:updated|modified|created|inserted|ingested|ingest|loaded|load|changed|synced)(?:_|$)"
)
_HAPPENED = re.compile(r"(?:^|_)event(?:_|$)|_ts$|^ts$")
_AHEAD = re.compile(
    r"(?:^|_)(?:event|plan|planned|schedule|scheduled|due|expected|estimated|target|next|deadline|appointment"
    r"|departure|arrival|delivery|start|starts|begin|begins|end|ends|until|valid|effective|expires|expiry"
    r"|expiration)(?:_|$)"
)
_BOUND = re.compile(
    r"(?:^|_)(?:from|since|to|until|till|thru|through|valid|validity|effective|start|starts|started|begin|begins"
    r"|end|ends|ended|expires|expired|expiry|expiration|term|terminated|termination|close|closes|closed|retired"
    r"|stop|stopped|inactive)(?:_?(?:date|day|dt|time|datetime|timestamp|ts|at|on))?$"
)
_MOMENT = re.compile(
    r"(?:^|_)(?:date|datetime|day|dt|time|timestamp|ts|epoch|at|on|when|since|until|utc|ms|millis|born|dob)$"
    r"|(?:date|datetime|timestamp)$|^(?:date|time|timestamp|epoch)(?:_|$)"
)
_EARLIER = re.compile(r"(?:^|(?<=_))(created|start|started|begin|opened|ordered|order)(?=_|$)")
_LATER = {
    "created": ("updated", "modified", "changed"),
    "start": ("end",),
    "started": ("ended", "finished", "completed"),
    "begin": ("end",),
    "opened": ("closed",),
    "ordered": ("shipped", "delivered"),
    "order": ("ship", "shipped", "delivery", "delivered"),
}


def is_key(name: str, dataset_name: str) -> bool:
    """Whether a name is that of the primary key: ``id``, ``uuid``, ``customer_id`` of ``customers``."""
    word = words_of(name).strip("_")
    table = re.sub(r"[^a-z0-9]+", "_", dataset_name.rsplit(".", maxsplit=1)[-1].lower()).strip("_")
    stems = {table, re.sub(r"ies$", "y", table), re.sub(r"s$", "", table), re.sub(r"es$", "", table)}
    return word in {"id", "uuid", "guid", "pk"} or word in {
        f"{stem}_{end}" for stem in stems for end in ("id", "key", "uuid")
    }


def says_when_written(name: str) -> bool:
    """Whether a column's name says that it holds when a row was written: ``updated_at``, ``ingest_ts``."""
    words = words_of(name)
    return bool(_WRITTEN.search(words) or _HAPPENED.search(words))


def names_moment(name: str) -> bool:
    """Whether a column's name says that it holds dates or times: ``order_date``, ``epoch_ms``."""
    return says_when_written(name) or bool(_MOMENT.search(words_of(name).strip("_")))


def may_lie_ahead(name: str) -> bool:
    """Whether moments of a column may rightly lie in the future: ``event_date``, ``scheduled_ts``.

    It is asked of columns of which :func:`says_when_written` holds.
    """
    words = words_of(name)
    return bool(_AHEAD.search(words)) and not _WRITTEN.search(words)


def bounds_period(name: str) -> bool:
    """Whether a column holds an end of periods, which may be open: ``valid_to``, ``start_date``."""
    return bool(_BOUND.search(words_of(name).strip("_")))


def ordered_pairs(moments: Mapping[str, int]) -> Tuple[Tuple[int, int], ...]:
    """Find columns where one moment should not lie after the other: ``created_at`` and ``updated_at``.

    Args:
        moments: the columns of moments: the position of each name.
    """
    by_words = {words_of(name): index for name, index in moments.items()}
    pairs: List[Tuple[int, int]] = []
    for words, index in by_words.items():
        for match in _EARLIER.finditer(words):
            for later in _LATER[match.group(1)]:
                partner = by_words.get(words[: match.start()] + later + words[match.end() :])
                if partner is not None:
                    pairs.append((index, partner))
    return tuple(pairs)
