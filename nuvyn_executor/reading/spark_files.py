"""Files of a dataset as Spark loads them, and the columns of what it loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Sequence, Tuple
from urllib.parse import unquote

from nuvyn_executor.spark.packages import with_package

if TYPE_CHECKING:
    from nuvyn_executor.model import Dataset, FileEntry
    from nuvyn_executor.sources.base import DataSource

Path = Tuple[str, ...]
"""The name of a column; of a field in structs, their names before its own."""

MANY_FILES = 64


def reader_of(spark: Any, source: DataSource, dataset: Dataset, format_name: str) -> Any:
    """Return a reader that knows where the partition folders begin.

    Args:
        spark: the session.
        source: where the dataset lies.
        dataset: what is to be read.
        format_name: what Spark calls the format of its files.
    """
    reader = spark.read.format(format_name)
    if dataset.partition_columns:
        return reader.option("basePath", source.spark_path(dataset.path))
    return reader


def load(spark: Any, reader: Any, source: DataSource, dataset: Dataset, files: Sequence[FileEntry]) -> Any:
    """Load files of a dataset as a DataFrame.

    Spark looks at each path that it gets, one by one. Instead of many files it gets their folder, where that
    holds nothing else.
    """
    package = dataset.format.spark_package
    paths = source.spark_paths(files)
    if len(paths) > MANY_FILES:
        is_tree = bool(dataset.partition_columns)
        folders = [dataset.path] if is_tree else sorted({entry.path.rpartition("/")[0] for entry in files})
        urls = [source.spark_path(folder) for folder in folders]
        table = with_package(spark, package, lambda: reader.load(urls))
        found = sorted(unquote(path).rpartition("/")[2] for path in table.inputFiles())
        if found == sorted(entry.path.rpartition("/")[2] for entry in files):
            return table
    return with_package(spark, package, lambda: reader.load(paths))


def leaves(schema: Any, parents: Path = ()) -> List[Tuple[Path, str]]:
    """Flatten structs: the path and the Spark SQL type of each leaf. Arrays and maps are leaves."""
    found: List[Tuple[Path, str]] = []
    for one in schema.fields:
        path = (*parents, one.name)
        nested = hasattr(one.dataType, "fields")
        found.extend(leaves(one.dataType, path) if nested else [(path, one.dataType.simpleString())])
    return found


def quoted(path: Path) -> str:
    """Write a path as Spark SQL takes it, whatever characters its names have."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in path)
