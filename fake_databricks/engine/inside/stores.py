"""Object stores for ``dbutils.fs``, through the file systems of the JVM and with the session's settings."""

from __future__ import annotations

from typing import Any

Facts = tuple[str, str, int, int]


def entries(path: str, failure: type[Exception]) -> list[Facts]:
    """Return path, name, size and time of change (in milliseconds) of what lies right in a folder.

    Args:
        path: an object or a folder, as Spark reads it.
        failure: the class of what is raised; its message is Java's own.
    """
    return sorted(_asked(_entries, path, failure))


def head(path: str, size: int, failure: type[Exception]) -> bytes:
    """Return the first bytes of an object; the arguments are those of :func:`entries`."""

    def read(jvm: Any, place: Any, files: Any) -> bytes:
        stream = files.open(place)
        try:
            io = jvm.org.apache.commons.io
            return bytes(io.IOUtils.toByteArray(io.input.BoundedInputStream(stream, size)))
        finally:
            stream.close()

    content: bytes = _asked(read, path, failure)
    return content


def _entries(_jvm: Any, place: Any, files: Any) -> list[Facts]:
    found = []
    for status in files.listStatus(place):
        url, mark = status.getPath().toString(), "/" if status.isDirectory() else ""
        name = status.getPath().getName()
        found.append((url + mark, name + mark, status.getLen(), status.getModificationTime()))
    return found


def _asked(question: Any, path: str, failure: type[Exception]) -> Any:
    """Ask the JVM; the session is that of the program, made where there is none yet."""
    from py4j.protocol import Py4JJavaError  # noqa: PLC0415  a program without Spark need not have it
    from pyspark.sql import SparkSession  # noqa: PLC0415  as above

    session = SparkSession.builder.getOrCreate()
    jvm = session._jvm  # noqa: SLF001  nothing public leads there
    conf = session._jsparkSession.sessionState().newHadoopConf()  # noqa: SLF001  as above
    place = jvm.org.apache.hadoop.fs.Path(path)
    try:
        return question(jvm, place, place.getFileSystem(conf))
    except Py4JJavaError as error:
        raise failure(str(error.java_exception.toString())) from None
