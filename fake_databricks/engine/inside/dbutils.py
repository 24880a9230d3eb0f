"""``dbutils`` for Python on the cluster: secrets (asked of the workspace), files, widgets.

``notebook`` and ``jobs`` are in :mod:`.workflows`.

``fs`` lists folders of an object store and reads heads of objects (:mod:`.stores`); it writes none.

What is not emulated raises NotImplementedError with its name; no call pretends to have done something.
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH103, PTH106, PTH107, PTH110, PTH112, PTH116, PTH118, PTH119, PTH120, PTH123, PTH208
from __future__ import annotations

import os
import sys
import types
from collections import namedtuple
from typing import TYPE_CHECKING, Any, ClassVar

from . import stores
from .path_table import is_store, python_path, spark_path
from .run_context import RunContext
from .workflows import Jobs, Notebook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from .import_hook import AfterImport

FileInfo = namedtuple("FileInfo", "path name size modificationTime")  # noqa: PYI024  it prints as Databricks' does
SecretMetadata = namedtuple("SecretMetadata", "key")  # noqa: PYI024  as above
MountInfo = namedtuple("MountInfo", "mountPoint source encryptionType")  # noqa: PYI024  as above
SecretScope = namedtuple("SecretScope", "name")  # noqa: PYI024  as above


class ExecutionError(Exception):
    """A call of dbutils that failed; its message is Databricks' own."""


class IllegalArgumentException(Exception):  # noqa: N818  Databricks' name
    """There is no such secret, or no such scope."""


class InputWidgetNotDefined(Exception):  # noqa: N818  Databricks' name
    """A program read a widget that was not defined."""


def file_path(path: str) -> str:
    """Return a path as Python's file functions know it; raise NotImplementedError for an object store."""
    if is_store(path):
        raise NotImplementedError(f"dbutils.fs lists and reads object stores here, and no more: {path}")
    return python_path(path)


class Files:
    """``dbutils.fs``."""

    def ls(self, path: str) -> list[Any]:
        """Return the entries of a folder; for a file, the file itself."""
        if is_store(path):
            return [FileInfo(*facts) for facts in stores.entries(path, ExecutionError)]
        place = file_path(path)
        if not os.path.exists(place):
            raise ExecutionError(f"java.io.FileNotFoundException: No such file or directory {path}")
        if not os.path.isdir(place):
            return [self._info(place)]
        return [self._info(os.path.join(place, name)) for name in sorted(os.listdir(place))]

    @staticmethod
    def _info(place: str) -> Any:
        status, folder = os.stat(place), os.path.isdir(place)
        mark = "/" if folder else ""
        size = 0 if folder else status.st_size
        return FileInfo(
            spark_path(place) + mark, os.path.basename(place) + mark, size, int(status.st_mtime * 1000)
        )

    def head(self, path: str, maxBytes: int = 65536) -> str:  # noqa: N803  Databricks' name
        """Return the first bytes of a file, as text."""
        if is_store(path):
            return stores.head(path, maxBytes, ExecutionError).decode("utf-8", errors="replace")
        with open(file_path(path), "rb") as file:
            return file.read(maxBytes).decode("utf-8", errors="replace")

    def put(self, path: str, contents: str, overwrite: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' form
        """Write text to a file."""
        place = file_path(path)
        if os.path.exists(place) and not overwrite:
            raise ExecutionError(
                f"org.apache.hadoop.fs.FileAlreadyExistsException: {spark_path(place)} already exists"
            )
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8", newline="") as file:
            written = file.write(contents)
        print(f"Wrote {written} bytes.")  # noqa: T201  Databricks prints it
        return True

    def mkdirs(self, path: str) -> bool:
        """Create a folder and its parents."""
        os.makedirs(file_path(path), exist_ok=True)
        return True

    def rm(self, path: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' form
        """Remove a file or a folder; return False where there is none."""
        place = file_path(path)
        if not os.path.lexists(place):
            return False
        if not os.path.isdir(place):
            os.remove(place)
        elif recurse:
            import shutil  # noqa: PLC0415  4 ms that no other call needs

            shutil.rmtree(place)
        elif os.listdir(place):
            raise ExecutionError(
                f"java.io.IOException: Directory {path} is not empty. Use recurse=True to remove it."
            )
        else:
            os.rmdir(place)
        return True

    def cp(self, source: str, dest: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' form
        """Copy a file, or with ``recurse`` a folder."""
        import shutil  # noqa: PLC0415  as above

        place, target = file_path(source), file_path(dest)
        if not os.path.isdir(place):
            target = os.path.join(target, os.path.basename(place)) if os.path.isdir(target) else target
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copyfile(place, target)
        elif recurse:
            shutil.copytree(place, target, dirs_exist_ok=True)
        else:
            raise ExecutionError(
                f"java.io.IOException: {source} is a directory. Use recurse=True to copy it."
            )
        return True

    def mv(self, source: str, dest: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' form
        """Copy, then remove the source."""
        return self.cp(source, dest, recurse) and self.rm(source, recurse)

    def mount(
        self,
        source: str,
        mount_point: str,
        encryption_type: str = "",
        extra_configs: dict[str, str] | None = None,
    ) -> bool:
        """Mount a bucket or container of S3 or Azure at a path of DBFS."""
        if encryption_type:
            raise NotImplementedError("encryption_type of dbutils.fs.mount is not emulated")
        body = {"source": source, "mount_point": mount_point, "extra_configs": extra_configs or {}}
        self._ask_mounts("POST", "", body)
        return True

    def updateMount(  # noqa: N802  Databricks' name
        self,
        source: str,
        mount_point: str,
        encryption_type: str = "",
        extra_configs: dict[str, str] | None = None,
    ) -> bool:
        """Mount another source at a mount point."""
        self._ask_mounts("DELETE", "", {"mount_point": mount_point})
        return self.mount(source, mount_point, encryption_type, extra_configs)

    def unmount(self, mount_point: str) -> bool:
        """Remove a mount; the objects stay."""
        self._ask_mounts("DELETE", "", {"mount_point": mount_point})
        print(f"{mount_point} has been unmounted.")  # noqa: T201  Databricks prints it
        return True

    def mounts(self) -> list[Any]:
        """Return the mounts of DBFS; a Volume is none."""
        return [
            MountInfo(each["mount_point"], each["source"], each["encryption_type"])
            for each in self._ask_mounts("GET", "", None)["mounts"]
            if not each["mount_point"].startswith("/Volumes/")
        ]

    def refreshMounts(self) -> bool:  # noqa: N802  Databricks' name
        """Upload what this program has written below the mounts, and fetch what has changed."""
        self._ask_mounts("POST", "/refresh", {})
        return True

    @staticmethod
    def _ask_mounts(method: str, call: str, body: dict[str, Any] | None) -> Any:
        status, answer = _ask_workspace(method, f"/_fake/mounts{call}", body)
        if status == 200:  # noqa: PLR2004  OK
            return answer
        message = answer.get("message", "") if isinstance(answer, dict) else answer
        raise ExecutionError(f"java.rmi.RemoteException: {message}")


def _ask_workspace(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Send a call to the workspace with the token of the run; return status and answer."""
    import json  # noqa: PLC0415  only a program that asks needs it
    import urllib.error  # noqa: PLC0415  these two take 20 ms
    import urllib.request  # noqa: PLC0415  as above

    url = f"{os.environ.get('DATABRICKS_HOST', '').rstrip('/')}{path}"
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, method=method)  # noqa: S310  the workspace's own address
    request.add_header("Authorization", f"Bearer {os.environ.get('DATABRICKS_TOKEN', '')}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30 if method == "GET" else None) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, text


class Secrets:
    """``dbutils.secrets``: calls of the workspace's API with the token of the run."""

    def get(self, scope: str, key: str) -> str:
        """Return a secret as text."""
        return self.getBytes(scope, key).decode("utf-8")

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802  Databricks' name
        """Return a secret as bytes."""
        import base64  # noqa: PLC0415  only a program that reads a secret needs it

        found = self._ask(
            "get", {"scope": scope, "key": key}, f"Secret does not exist with scope: {scope} and key: {key}"
        )
        return base64.b64decode(found["value"])

    def list(self, scope: str) -> list[Any]:
        """Return the keys of a scope."""
        found = self._ask("list", {"scope": scope}, f"Scope {scope} does not exist")
        return [SecretMetadata(each["key"]) for each in found.get("secrets", [])]

    def listScopes(self) -> Sequence[Any]:  # noqa: N802  Databricks' name
        """Return the scopes."""
        found = self._ask("scopes/list", {}, "The scopes could not be listed")
        return [SecretScope(each["name"]) for each in found.get("scopes", [])]

    @staticmethod
    def _ask(call: str, query: dict[str, str], missing: str) -> Any:
        import urllib.parse  # noqa: PLC0415  as above

        status, answer = _ask_workspace("GET", f"/api/2.0/secrets/{call}?{urllib.parse.urlencode(query)}")
        if status == 200:  # noqa: PLR2004  OK
            return answer
        if status == 404:  # noqa: PLR2004  not found
            raise IllegalArgumentException(missing)
        raise ExecutionError(f"{call}: HTTP {status}: {answer}")


class Widgets:
    """``dbutils.widgets``: the parameters of a notebook; a Python task has none, and each its default."""

    _values: ClassVar[dict[str, str]] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: ARG002, N803  Databricks'
        """Define a widget; a parameter of the run replaces its default."""
        self._values[name] = RunContext.widgets.get(name, defaultValue)

    def dropdown(
        self,
        name: str,
        defaultValue: str,  # noqa: N803  Databricks' name
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Define a widget whose default is one of its choices."""
        if defaultValue not in choices:
            raise ValueError(
                f"The default value {defaultValue!r} of widget {name!r} is not one of its choices"
            )
        self.text(name, defaultValue, label)

    combobox = multiselect = dropdown

    def get(self, name: str) -> str:
        """Return the value of a widget, or of a parameter of the run that has no widget."""
        values = self.getAll()
        if name not in values:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")
        return values[name]

    def getArgument(self, name: str, defaultValue: str = "") -> str:  # noqa: N802, N803  Databricks' names
        """Return the value of a widget, or ``defaultValue`` where there is no such widget."""
        return self.getAll().get(name, defaultValue)

    def getAll(self) -> dict[str, str]:  # noqa: N802  Databricks' name
        """Return all values, by name."""
        return {**RunContext.widgets, **self._values}

    def remove(self, name: str) -> None:
        """Remove a widget."""
        self._values.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802  Databricks' name
        """Remove all widgets."""
        self._values.clear()


class Library:
    """``dbutils.library``."""

    def restartPython(self) -> None:  # noqa: N802  Databricks' name
        """Make installed packages importable; they are so without a restart."""
        sys.path_importer_cache.clear()


class DBUtils:
    """``dbutils``; the argument (a SparkSession) is accepted and not used."""

    def __init__(self, _spark: object = None) -> None:
        self.fs = Files()
        self.secrets = Secrets()
        self.widgets = Widgets()
        self.notebook = Notebook()
        self.jobs = Jobs()
        self.library = Library()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"dbutils.{name} is not emulated")


def install(after: AfterImport) -> None:
    """Add the module ``pyspark.dbutils`` when a program imports pyspark."""
    after.add("pyspark", add_module)


def add_module(pyspark: ModuleType) -> None:
    """Add the module that Databricks' pyspark has and the public one lacks."""
    module = types.ModuleType("pyspark.dbutils", "dbutils, as on a Databricks cluster.")
    module.DBUtils = DBUtils  # type: ignore[attr-defined]  # a module made here
    pyspark.dbutils = module  # type: ignore[attr-defined]  # as above
    sys.modules["pyspark.dbutils"] = module
