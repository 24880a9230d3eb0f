"""Lists and reads a store with Hadoop's file systems, in the JVM that Spark runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Tuple

from nuvyn_executor.sources.cluster_ways import NotThisWay, folder_meta, meta_of

if TYPE_CHECKING:
    from nuvyn_executor.sources.cluster_ways import ClusterPaths
    from nuvyn_executor.sources.object_listing import Meta


class HadoopFiles:
    """A store as Java sees it, with the settings and the credentials of the Spark session.

    Args:
        paths: how the cluster spells the objects.
        spark: the session.
    """

    name = "Hadoop's file system"

    def __init__(self, paths: ClusterPaths, spark: Any) -> None:
        self._paths = paths
        self._spark = spark
        self._conf: Any = None
        self._jvm: Any = None

    def list(self, key: str) -> Optional[List[Meta]]:
        """List the object of a key, or all objects below a folder, hidden ones too."""
        path = self._path(key)
        found = path.getFileSystem(self.conf).listFiles(path, True)  # noqa: FBT003  Java's form
        metas: List[Meta] = []
        while found.hasNext():
            status = found.next()
            name = self._paths.key_of(str(status.getPath().toString()))
            metas.append(meta_of(name, int(status.getLen()), int(status.getModificationTime()) * 1000))
        is_object = any(meta["path"] == key for meta in metas)
        return metas if is_object or not key else [folder_meta(key), *metas]

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes of an object, from ``offset``."""
        path = self._path(key)
        stream = path.getFileSystem(self.conf).open(path)
        try:
            stream.seek(offset)
            io = self._jvm.org.apache.commons.io
            return bytes(io.IOUtils.toByteArray(io.input.BoundedInputStream(stream, length)))
        except Exception as error:
            if "EOFException" in str(error):  # the range begins behind the end
                return b""
            raise
        finally:
            stream.close()

    @property
    def conf(self) -> Any:
        """Hadoop's settings, as the session has them.

        Raises:
            NotThisWay: Python has no access to Java, as with Spark Connect.
        """
        if self._conf is None:
            self._conf, self._jvm = _java_of(self._spark)
        return self._conf

    def _path(self, key: str) -> Any:
        assert self.conf is not None
        return self._jvm.org.apache.hadoop.fs.Path(self._paths.literal(key))


def _java_of(spark: Any) -> Tuple[Any, Any]:
    """Return Hadoop's settings of a session, and its Java."""
    try:
        return spark._jsparkSession.sessionState().newHadoopConf(), spark._jvm  # noqa: SLF001  no other way
    except Exception as error:
        raise NotThisWay("this cluster gives Python no access to Java") from error
