"""Read the first rows of a file that is no text, for ``data_reading``."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Iterable, Optional, Sequence, Tuple

from nuvyn_executor.discovery import workbook
from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.reading.delta_table import of_version, version_as_of
from nuvyn_executor.reading.failures import unreadable
from nuvyn_executor.reading.file_faults import explained
from nuvyn_executor.sources.base import ExplainsErrors, TableSource
from nuvyn_executor.spark.packages import with_package

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry
    from nuvyn_executor.sources.base import Source


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
            if isinstance(source, TableSource) or entry is None:
                assert isinstance(source, TableSource)
                frame = source.read_table(self._spark, dataset)
                return frame.columns, [tuple(row) for row in frame.limit(limit).collect()]
            if dataset.format.has_sheets:
                sheet = workbook.read_rows(source.local_path(entry), str(dataset.sheet))
                rows = list(islice(sheet, limit + 1))
                return [name or "" for name in rows[0]] if rows else [], rows[1:]
            if dataset.as_of:
                path = source.spark_path(dataset.path)
                frame = of_version(self._spark, path, version_as_of(self._spark, path, dataset))
                return frame.columns, [tuple(row) for row in frame.limit(limit).collect()]
            if dataset.format.has_log:
                path = source.spark_path(dataset.path)
            else:
                (path,) = source.spark_paths([entry])
            reader = self._spark.read.format(dataset.format.value)
            frame = with_package(self._spark, dataset.format.spark_package, lambda: reader.load(path))
            return frame.columns, [tuple(row) for row in frame.limit(limit).collect()]
        except ExecutorError:
            raise
        except Exception as error:
            if isinstance(source, ExplainsErrors):
                raise source.explained(dataset, error) from error
            if entry is None or isinstance(source, TableSource):
                raise unreadable(dataset.label, error) from error
            raise explained(self._spark, source, replace(dataset, files=(entry,)), error) from error
        finally:
            if not isinstance(source, TableSource):
                source.release()
