"""What of a Delta table cannot be read, by Delta's words: a feature, the log, or one of its files. Pure."""

from __future__ import annotations

import re
from typing import Optional, Sequence
from urllib.parse import unquote

from nuvyn_executor.reading.parquet_faults import Fault

_NEWER = "Read it with a newer Delta, or remove the feature (ALTER TABLE ... DROP FEATURE)."
_RESTORE = (
    "Restore the file, or an older version of the table (RESTORE TABLE), or take it out of the log (FSCK "
    "REPAIR TABLE); VACUUM with a short retention removes files too early."
)
# A pattern of Delta's words, what they mean ({} is the pattern's group), and what to do.
_OF_TABLE = (
    (
        r"features?(?:\(s\))? that (?:are|is) (?:un|not )supported by [^:]*: ([\w,\- ]+)",
        "it needs {}, which this Delta does not read",
        _NEWER,
    ),
    (
        r"INVALID_PROTOCOL_VERSION|InvalidProtocolVersion|Mismatched minReaderVersion|reader version \d",
        "its protocol is one that this Delta does not read",
        _NEWER,
    ),
    (
        r"JsonParseException|JsonMappingException|JsonEOFException|MalformedJson",
        "its log is damaged",
        "Restore the log (_delta_log), or write the table again.",
    ),
)
_NO_PROTOCOL = re.compile(r"STATE_RECOVER_ERROR|protocol of your Delta table could not be recovered")
# Features of readers that Delta itself names: https://github.com/delta-io/delta/blob/master/PROTOCOL.md
_KNOWN = frozenset(
    (
        "columnMapping",
        "deletionVectors",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "v2Checkpoint",
        "vacuumProtocolCheck",
        "variantType",
        "variantType-preview",
    )
)
_LOG_FILE = re.compile(r"\d{20}(?:\.checkpoint[\w.-]*)?\.(?:json|parquet)")
_DATA_FILE = re.compile(r"([^\s/'\"`]+\.parquet)")
_GONE = re.compile(r"FileNotFound|does not exist|FILE_NOT_EXIST|FILE_NOT_FOUND|cannot be found")
_DAMAGED = re.compile(
    r"is not a Parquet file|CANNOT_READ_FOOTER|orrupt(?:ed)? (?:footer|file)|read footer|FAILED_READ_FILE|"
    r"rror while reading file"
)


def fault_of_delta(text: str, files: Sequence[str]) -> Optional[Fault]:
    """Return what is wrong with a table; ``None`` where Delta's words do not say.

    Args:
        text: what Delta or Spark said.
        files: names of the data files that were found in the table's folder.
    """
    for pattern, meaning, remedy in _OF_TABLE:
        found = re.search(pattern, text)
        if found:
            return Fault(meaning.format(*map(str.strip, found.groups())), remedy)
    file = _DATA_FILE.search(_LOG_FILE.sub("", text))
    return None if file is None else _of_file(unquote(file.group(1)), text, files)


def asks_for_log(text: str) -> bool:
    """Whether Delta did not understand the protocol in the log, and does not say what it has read there."""
    return _NO_PROTOCOL.search(text) is not None


def fault_of_features(features: Sequence[str]) -> Optional[Fault]:
    """Return what is wrong with a table that needs these features; ``None`` where Delta knows them."""
    unknown = sorted({*features} - _KNOWN)
    return (
        Fault(f"it needs {', '.join(unknown)}, which this Delta does not read", _NEWER) if unknown else None
    )


def _of_file(name: str, text: str, files: Sequence[str]) -> Optional[Fault]:
    if _GONE.search(text) and name in files:
        return Fault(f"its file {name} vanished while it was read", "Run the job again when nobody writes.")
    if _GONE.search(text):
        return Fault(f"its log names the file {name}, which is gone", _RESTORE)
    return Fault(f"its file {name} is damaged", _RESTORE) if _DAMAGED.search(text) else None
