"""Read the first rows of a file that is no text, for ``data_reading``."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Iterable, List, Optional, Sequence, Tuple

from nuvyn_executor.discovery import workbook
from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.reading.delta_table import of_version, version_as_of
from nuvyn_executor.reading.failures import unreadable
from nuvyn_executor.reading.file_faults import explained
from nuvyn_executor.reading.frame import family
from nuvyn_executor.reading.spark_files import quoted
from nuvyn_executor.reading.typed_frames import cells_of, table_of
from nuvyn_executor.sources.base import ExplainsErrors, TableSource
from nuvyn_executor.spark.derived_sessions import session_without

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry
    from nuvyn_executor.sources.base import Source

_NESTED = ("array<", "map<", "struct<")
_ALL_FIELDS = "map('ignoreNullFields', 'false')"


class SparkRowPreviews:
    """Reads first rows with a Spark session; those of a workbook without one."""

    def __init__(self, spark: Any) -> None:
        self._spark = spark

    def first_rows(
        self, source: Source, dataset: Dataset, entry: Optional[FileEntry], limit: int
    ) -> Tuple[Sequence[str], Iterable[Sequence[Any]]]:
        """Return column names and up to ``limit`` rows of a file, a Delta table or a worksheet.

        Raises:
            DatasetUnreadable: the file cannot be read.
        """
        try:
            if dataset.format.has_sheets and entry is not None:
                assert not isinstance(source, TableSource)
                sheet = workbook.read_rows(source.local_path(entry), str(dataset.sheet))
                rows = list(islice(sheet, limit + 1))
                return [name or "" for name in rows[0]] if rows else [], rows[1:]
            if entry is not None and not dataset.format.has_log:
                # Of a file, without the columns that its folders name.
                dataset = replace(dataset, files=(entry,), partition_columns=())
            return self._shown(source, dataset, limit)
        except ExecutorError:
            raise
        except Exception as error:
            session = session_without(self._spark, error)
            if session is not None:
                return SparkRowPreviews(session).first_rows(source, dataset, entry, limit)
            if isinstance(source, ExplainsErrors):
                raise source.explained(dataset, error) from error
            if entry is None or isinstance(source, TableSource):
                raise unreadable(dataset.label, error) from error
            raise explained(self._spark, source, replace(dataset, files=(entry,)), error) from error
        finally:
            if not isinstance(source, TableSource):
                source.release()

    def _shown(
        self, source: Any, dataset: Dataset, limit: int
    ) -> Tuple[Sequence[str], Iterable[Sequence[Any]]]:
        """Return the first rows of a table; moments in nanoseconds as the scan reads them."""
        if dataset.as_of:
            path = source.spark_path(dataset.path)
            data = of_version(self._spark, path, version_as_of(self._spark, path, dataset))
        else:
            data = table_of(self._spark, source, dataset).data
        cells = {path: cell for path, *cell in cells_of(self._spark, source, dataset, data)}
        columns: List[str] = []
        for number, field in enumerate(data.schema.fields):
            whole = [field.dataType.simpleString(), quoted((field.name,))]
            data_type, cell = cells.get((field.name,), whole)
            columns.append(f"{_shown(cell, data_type)} AS c{number}")
        rows = data.limit(limit).selectExpr(*columns).collect()
        return list(data.columns), [tuple(row) for row in rows]


def _shown(cell: str, data_type: str) -> str:
    """Return the SQL of a value as it is shown; Python has no days before the year 1, and no JSON."""
    if family(data_type) == "moment":
        return f"CAST({cell} AS STRING)"
    return f"to_json({cell}, {_ALL_FIELDS})" if data_type.startswith(_NESTED) else cell
