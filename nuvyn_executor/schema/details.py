"""The keys of the JSON objects that columns of the metadata tables hold, and which of them are sent.

Nothing is sent that is not marked: an unmarked key stays in the workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Tuple


class Sent(Enum):
    """Whether a column, or a key of its JSON object, is sent to the platform."""

    NO = "no"
    YES = "yes"
    CELLS = "with samples"
    """It holds cell values, so it is sent only with ``EXECUTOR_SEND_SAMPLES=true``."""
    HERE = "never"
    """It holds cell values and is never sent. The report shows it with ``EXECUTOR_SEND_SAMPLES=true``."""

    def is_allowed(self, *, send_samples: bool) -> bool:
        """Whether it may be sent; ``send_samples`` allows cell values."""
        return self is Sent.YES or (self is Sent.CELLS and send_samples)

    @property
    def is_of_cells(self) -> bool:
        """Whether it holds cell values."""
        return self in (Sent.CELLS, Sent.HERE)


NO, YES, CELLS, HERE = Sent.NO, Sent.YES, Sent.CELLS, Sent.HERE


@dataclass(frozen=True)
class Key:
    """A key of a JSON object: its name, its meaning (Markdown), and whether its whole value is sent."""

    name: str
    comment: str
    sent: Sent = NO


def _keys(*rows: Tuple[str, str, Sent]) -> Tuple[Key, ...]:
    return tuple(Key(*row) for row in rows)


CONNECTION_DETAILS = _keys(
    ("requested_path", "the path as the caller named it, secrets masked", YES),
    ("datasets", "tables that were read", YES),
    ("unreadable", "files and tables that could not be read", YES),
    ("skipped", "files that were left out", YES),
    ("truncated", "whether `EXECUTOR_MAX_FILES_PER_JOB` cut the listing", YES),
)

TABLE_DETAILS = _keys(
    (
        "read_as",
        "delimiter, quote, header, encoding, escape, comment; hidden sheet; `multiline`, `duplicate_keys`",
        YES,
    ),
    (
        "skipped_rows",
        "of CSV and workbooks, rows that are none: `top` (titles, comments, units), `end` (totals, notes)",
        YES,
    ),
    (
        "missing_columns",
        "columns that some files lack: `column`, `missing_in` files, `of` all, the `first`",
        YES,
    ),
    ("fetched", "of an object store: `ranges`, `copies`, or `spark` (which read it by itself)", YES),
    ("engine", "what counted: `spark`, or `polars` inside Spark's tasks or in the driver", YES),
    ("read_by", "what read the rows: `polars`, or `spark`, which may hand them to `polars`", YES),
    (
        "engine_reason",
        "why `polars` reads or counts nothing there: tasks cannot open the files, or not run it; else `null`",
        YES,
    ),
    ("sheet", "of a workbook", YES),
    ("partition_columns", "columns whose values are in the names of folders (`year=2024`)", YES),
    ("kind", "`table` or `view`, in a database or catalog; `null` for files", YES),
    ("comment", "the comment that a catalogue has on the table", YES),
    ("estimated_rows", "rows that the catalogue of a database estimates", YES),
    ("primary_key", "columns of the primary key that a catalogue declares", YES),
    ("foreign_keys", "foreign keys that a catalogue declares: `columns`, `table`, `references`", YES),
    ("rows_scanned", "rows that the counts and scores cover", YES),
    ("rows_read", "rows that this run read; the others were counted by an earlier run", YES),
    ("corrupt_rows", "records that did not parse", YES),
    ("duplicate_rows", "rows that repeat another row; `null` where different rows were estimated", YES),
    ("approximate", "whether different values were estimated", YES),
    ("rsd", "relative standard deviation of those estimates: 0.016 is 1.6 %, 0 is exact", YES),
    ("sampled", "whether not all rows were counted", YES),
    ("truncated", "whether `EXECUTOR_MAX_FILES_PER_JOB` cut the listing: files may be missing", YES),
    ("coverage", "of a sample: `table_rows`, `is_estimate`, `files`, `share` of their rows", YES),
    ("timeliness_source", "`column: updated_at`, `storage`, or `null`", YES),
    ("checked", "how many cells, rows or values each score rests on", YES),
    ("recommendations", "the worst findings in words", YES),
    (
        "data_contract",
        "[the data contract that was applied](data-contracts.md#what-results-say); `null` without one",
        YES,
    ),
    ("provenance", "[what the scores rest on](quality.md#how-to-read-details)", YES),
)

COLUMN_DETAILS = _keys(
    ("expected", "what its values should be", YES),
    (
        "semantic_type",
        "the kind of values, where the data type does not say it: `email`, `iban`; else `null`",
        YES,
    ),
    ("declared_type", "the type in the words of the database", YES),
    ("comment", "the comment that a catalogue has on the column", YES),
    ("references", "the column that a foreign key leads to: `schema.table.column`", YES),
    ("nulls", "missing values: SQL NULL", YES),
    ("nans", "missing values: NaN", YES),
    ("blanks", "missing values: nothing but white space", YES),
    ("placeholders", "missing values: `n/a`, `null`, `-` and the like", YES),
    ("suspects", "values that can hardly be true", YES),
    ("suspect_reasons", "of those: `stand_in` (-999), `infinite`, `far_out`, `broken_text`", YES),
    ("suspect_examples", "a masked example for each reason that the sample holds", CELLS),
    ("checked", "values that were compared with what is expected", YES),
    ("invalid", "of those, the values that are something else", YES),
    ("shapes", "how many values are written in which form", YES),
    ("future", "moments more than a day ahead", YES),
    ("minimum", "smallest number or moment", CELLS),
    ("maximum", "largest number or moment", CELLS),
    ("length_min", "bytes of the shortest text", YES),
    ("length_max", "bytes of the longest text", YES),
    ("distinct_rsd", "relative standard deviation of `distinct_count`; 0 is exact", YES),
    (
        "distribution",
        "[its shape](quality.md#distributions): `of`, `count`, `bins`, `error`; `null` if not measured",
        NO,
    ),
    ("quantiles", "of numbers and moments: below or at which 5, 25, 50, 75 and 95 % are", HERE),
    ("commonest", "of at most 20 different values, each with its count, the commonest first", HERE),
    (
        "data_contract",
        "what a data contract declares of it: `clause`, `limit`, `count`, `of`, `is_met`; `null` without one",
        YES,
    ),
)
