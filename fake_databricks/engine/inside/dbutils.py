"""``dbutils`` for Python on the cluster: secrets (asked of the workspace), files, widgets, ``notebook.exit``.

What it does not have raises NotImplementedError and says so; nothing pretends.
"""

# pathlib would be imported for nothing:
# ruff: noqa: PTH103, PTH106, PTH107, PTH110, PTH112, PTH116, PTH118, PTH119, PTH120, PTH123, PTH208
from __future__ import annotations

import base64
import json
import os
import shutil
import sys
import types
import urllib.error
import urllib.parse
import urllib.request
from collections import namedtuple
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from .startup import AfterImport

WIDGETS = "FAKE_DATABRICKS_WIDGETS"
FileInfo = namedtuple("FileInfo", "path name size modificationTime")  # noqa: PYI024  it prints as Databricks' does
SecretMetadata = namedtuple("SecretMetadata", "key")  # noqa: PYI024  as above
SecretScope = namedtuple("SecretScope", "name")  # noqa: PYI024  as above


class NotebookExit(BaseException):
    """The program says that it is done, with a value; no ``except Exception`` of its own may catch that."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class ExecutionError(Exception):
    """A call of dbutils that failed; the message is Databricks'."""


class InputWidgetNotDefined(Exception):  # noqa: N818  Databricks' name
    """A widget that nobody defined was asked for."""


def local(path: str) -> str:
    """A path of Spark (dbfs:/x, file:/x, /Volumes/..., /x) as one that Python's file functions know."""
    for scheme in ("dbfs:", "file:"):
        if path.startswith(scheme):
            bare = "/" + path[len(scheme) :].lstrip("/")
            break
    else:
        scheme, bare = "dbfs:", path
    if (
        scheme == "file:"
        or bare.startswith(("/Volumes/", "/Workspace/"))
        or bare in {"/Volumes", "/Workspace"}
    ):
        return bare
    return "/dbfs" + bare


def shown(path: str) -> str:
    """A path of Python's as one of Spark's."""
    if path == "/dbfs" or path.startswith("/dbfs/"):
        return "dbfs:" + (path[5:] or "/")
    return ("dbfs:" if path.startswith(("/Volumes", "/Workspace")) else "file:") + path


class Files:
    """``dbutils.fs``."""

    def ls(self, path: str) -> list[Any]:
        """The entries of a folder; a file is its own entry."""
        place = local(path)
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
            shown(place) + mark, os.path.basename(place) + mark, size, int(status.st_mtime * 1000)
        )

    def head(self, path: str, maxBytes: int = 65536) -> str:  # noqa: N803  Databricks' name
        """The first bytes of a file, as text."""
        with open(local(path), "rb") as file:
            return file.read(maxBytes).decode("utf-8", errors="replace")

    def put(self, path: str, contents: str, overwrite: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' form
        """Write a text to a file."""
        place = local(path)
        if os.path.exists(place) and not overwrite:
            raise ExecutionError(
                f"org.apache.hadoop.fs.FileAlreadyExistsException: {shown(place)} already exists"
            )
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8", newline="") as file:
            written = file.write(contents)
        print(f"Wrote {written} bytes.")  # noqa: T201  Databricks prints it
        return True

    def mkdirs(self, path: str) -> bool:
        """Make a folder and those above it."""
        os.makedirs(local(path), exist_ok=True)
        return True

    def rm(self, path: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' form
        """Remove a file or a folder; False where there is none."""
        place = local(path)
        if not os.path.lexists(place):
            return False
        if not os.path.isdir(place):
            os.remove(place)
        elif recurse:
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
        place, target = local(source), local(dest)
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

    def mounts(self) -> list[Any]:
        """None: /mnt is a plain folder here."""
        return []

    def refreshMounts(self) -> bool:  # noqa: N802  Databricks' name
        """Nothing to refresh."""
        return True


class Secrets:
    """``dbutils.secrets``: asked of the workspace's API, with the token of the run."""

    def get(self, scope: str, key: str) -> str:
        """A secret's text."""
        return self.getBytes(scope, key).decode("utf-8")

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802  Databricks' name
        """A secret's bytes."""
        found = self._ask(
            "get", {"scope": scope, "key": key}, f"Secret does not exist with scope: {scope} and key: {key}"
        )
        return base64.b64decode(found["value"])

    def list(self, scope: str) -> list[Any]:
        """The keys of a scope."""
        found = self._ask("list", {"scope": scope}, f"Scope {scope} does not exist")
        return [SecretMetadata(each["key"]) for each in found.get("secrets", [])]

    def listScopes(self) -> Sequence[Any]:  # noqa: N802  Databricks' name
        """The scopes."""
        found = self._ask("scopes/list", {}, "The scopes could not be listed")
        return [SecretScope(each["name"]) for each in found.get("scopes", [])]

    @staticmethod
    def _ask(call: str, query: dict[str, str], missing: str) -> Any:
        host = os.environ.get("DATABRICKS_HOST", "")
        url = f"{host.rstrip('/')}/api/2.0/secrets/{call}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url)  # noqa: S310  the workspace's own address
        request.add_header("Authorization", f"Bearer {os.environ.get('DATABRICKS_TOKEN', '')}")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:  # noqa: PLR2004  not found
                raise IllegalArgumentException(missing) from None
            raise ExecutionError(
                f"{call}: HTTP {error.code}: {error.read().decode(errors='replace')}"
            ) from None


class IllegalArgumentException(Exception):  # noqa: N818  Databricks' name
    """What Databricks raises for a secret that is not there."""


class Widgets:
    """``dbutils.widgets``: the parameters of the run, else their defaults."""

    def __init__(self) -> None:
        self._given: dict[str, str] = json.loads(os.environ.get(WIDGETS, "{}"))
        self._defaults: dict[str, str] = {}

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: ARG002, N803  Databricks'
        """Define a widget."""
        self._defaults[name] = defaultValue

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
        """A widget's value."""
        for known in (self._given, self._defaults):
            if name in known:
                return known[name]
        raise InputWidgetNotDefined(f"No input widget named {name} is defined")

    def getArgument(self, name: str, defaultValue: str = "") -> str:  # noqa: N802, N803  Databricks' names
        """A widget's value, or the default where there is no such widget."""
        return self._given.get(name, self._defaults.get(name, defaultValue))

    def getAll(self) -> dict[str, str]:  # noqa: N802  Databricks' name
        """All values."""
        return {**self._defaults, **self._given}

    def remove(self, name: str) -> None:
        """Forget a widget."""
        self._defaults.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802  Databricks' name
        """Forget all widgets."""
        self._defaults.clear()


class Notebook:
    """``dbutils.notebook``."""

    def exit(self, value: object = "") -> None:
        """End the program well; the value is the run's ``notebook_output.result``."""
        raise NotebookExit(str(value))

    def run(self, *_: object, **__: object) -> None:
        """Not here."""
        raise NotImplementedError("dbutils.notebook.run is not emulated")


class Library:
    """``dbutils.library``."""

    def restartPython(self) -> None:  # noqa: N802  Databricks' name
        """What was installed is importable without a restart here."""
        sys.path_importer_cache.clear()


class DBUtils:
    """``dbutils``; the argument (a SparkSession) is taken and not needed."""

    def __init__(self, _spark: object = None) -> None:
        self.fs = Files()
        self.secrets = Secrets()
        self.widgets = Widgets()
        self.notebook = Notebook()
        self.library = Library()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotImplementedError(f"dbutils.{name} is not emulated")


def install(after: AfterImport) -> None:
    """``from pyspark.dbutils import DBUtils`` and ``from databricks.sdk.runtime import dbutils``."""
    after.add("pyspark", add_module)
    after.add("databricks.sdk.runtime", add_lazily)


def add_module(pyspark: ModuleType) -> None:
    """The module that Databricks' pyspark has and the public one lacks."""
    module = types.ModuleType("pyspark.dbutils", "dbutils, as on a Databricks cluster.")
    module.DBUtils = DBUtils  # type: ignore[attr-defined]  # a module made here
    pyspark.dbutils = module  # type: ignore[attr-defined]  # as above
    sys.modules["pyspark.dbutils"] = module


def add_lazily(runtime: ModuleType) -> None:
    """``spark`` and its like in the SDK's module, made when they are asked for."""
    from .names import NAMES  # noqa: PLC0415  only where the SDK's module is used

    def missing(name: str) -> Any:
        if name in NAMES:
            return NAMES[name]()
        raise AttributeError(f"module {runtime.__name__!r} has no attribute {name!r}")

    for name in NAMES:
        runtime.__dict__.pop(name, None)
    runtime.__getattr__ = missing  # type: ignore[method-assign]  # PEP 562
