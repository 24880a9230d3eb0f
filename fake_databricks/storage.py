"""The stored state of a server: one SQLite file in WAL mode, and the key of its documents.

Documents are encrypted: the parameters of a job may hold a password or the signature of a URL.
Every change is written at once, so a server that is killed loses nothing that it has answered. A server
without a state folder uses the same code on a temporary folder.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, Callable, Iterator, Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken

from fake_databricks.full_disk import is_full, sentence

if TYPE_CHECKING:
    from pathlib import Path

LOGGER = logging.getLogger("fake_databricks")
KEY_VARIABLE = "FAKE_DATABRICKS_KEY"
OWNER_FOLDER, OWNER_FILE = 0o700, 0o600
FORMAT = 2
"""The number of the form in which documents are stored; it is in the database. 0 is that of version 1.0.
In 1 a run was one document, and such a run is still read.
"""
Documents = Sequence[tuple[str, "str | int", Any]]
"""Documents of a workspace, each with its kind and its key."""
_ENCRYPTED = "gAAAA"  # Fernet's version and the first bytes of the time, until the year 2106
_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    workspace TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (workspace, kind, key)
) WITHOUT ROWID
"""


class StateError(Exception):
    """The state folder cannot be used: another server holds it, its key is wrong, or a file is broken."""


class Cipher:
    """Encrypts what is stored; the key is in the environment, or in a file beside the data with mode 600."""

    def __init__(self, key: bytes, where: str = KEY_VARIABLE) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise StateError(f"{where} is not a Fernet key (32 bytes in url-safe base64).") from error

    @classmethod
    def of_folder(cls, folder: Path, environment: Mapping[str, str]) -> Cipher:
        """Return the cipher of a state folder; create a key if there is none."""
        key = environment.get(KEY_VARIABLE)
        if key:
            return cls(key.encode())
        path = folder / "secrets.key"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key())
        with contextlib.suppress(PermissionError):
            path.chmod(OWNER_FILE)
        return cls(path.read_bytes().strip(), f"The key in {path}")

    def encrypt(self, value: bytes) -> str:
        """Return the value, encrypted, as text."""
        return self._fernet.encrypt(value).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Return the value of an encrypted text.

        Raises:
            StateError: it was encrypted with another key.
        """
        try:
            return self._fernet.decrypt(encrypted.encode())
        except InvalidToken as error:
            raise StateError(
                "This state folder was written with another key, or is broken: set "
                f"{KEY_VARIABLE} to its key, or name another folder with --state."
            ) from error


class Storage:
    """JSON documents by workspace, kind and key, encrypted; safe for use by many threads.

    The folder and its files are readable for their owner alone.

    Raises:
        StateError: another server uses the folder, or it cannot be read.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise StateError(f"{folder} is not a folder: name one with --state.") from None
        except OSError as error:
            raise _unusable(folder, error) from error
        with contextlib.suppress(PermissionError):  # another user's folder, which we may write to
            folder.chmod(OWNER_FOLDER)
        try:
            self._lock_file = os.fdopen(_owners_file(folder / "server.lock"), "w")
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock_file.close()
            raise StateError(f"Another server is using {folder}.") from error
        try:
            self.cipher = Cipher.of_folder(folder, os.environ if environment is None else environment)
            self._database = self._open_database()
        except (StateError, OSError) as error:
            self._lock_file.close()
            if isinstance(error, StateError):
                raise
            raise _unusable(folder, error) from error
        self._mutex = threading.Lock()

    def _open_database(self) -> sqlite3.Connection:
        path = self.folder / "state.sqlite"
        os.close(_owners_file(path))  # the files that SQLite makes beside it have its mode
        database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing with it
            database.execute(_SCHEMA)
            database.execute("SELECT workspace, kind, key, body FROM documents LIMIT 1")
            self._check_format(database, path)
        except sqlite3.DatabaseError as error:
            database.close()
            if is_full(error):
                raise StateError(sentence(error, str(path))) from error
            raise self._broken(error) from error
        except StateError:
            database.close()
            raise
        return database

    def _check_format(self, database: sqlite3.Connection, path: Path) -> None:
        """Refuse what a newer version has written, and bring what an older one has written to our form."""
        found = database.execute("PRAGMA user_version").fetchone()[0]
        if found > FORMAT:
            raise StateError(
                f"{path} was written by a newer version of fake-databricks (its format is {found}, this "
                f"version reads up to {FORMAT}): start that version, or name another folder with --state."
            )
        if found == FORMAT:
            return
        database.execute("BEGIN IMMEDIATE")
        plain = database.execute(
            "SELECT body, workspace, kind, key FROM documents WHERE NOT body GLOB ?", (f"{_ENCRYPTED}*",)
        ).fetchall()
        for body, *key in plain:  # version 1.0 did not encrypt them
            database.execute(
                "UPDATE documents SET body = ? WHERE workspace = ? AND kind = ? AND key = ?",
                (self.cipher.encrypt(body.encode()), *key),
            )
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("COMMIT")

    def _broken(self, error: Exception) -> StateError:
        return StateError(
            f"{self.folder / 'state.sqlite'} cannot be read ({error}): move it away, or name another folder "
            "with --state."
        )

    def put(self, workspace: str, kind: str, key: str | int, document: Any, more: Documents = ()) -> None:
        """Store a document and more that belong to it, all or none; former ones are replaced."""
        documents = ((kind, key, document), *more)
        self._write(
            "INSERT INTO documents VALUES (?, ?, ?, ?) "
            "ON CONFLICT (workspace, kind, key) DO UPDATE SET body = excluded.body",
            *(
                (workspace, kind, str(key), self.cipher.encrypt(json.dumps(document).encode()))
                for kind, key, document in documents
            ),
        )

    def record(self, workspace: str, kind: str, key: str | int, document: Any, more: Documents = ()) -> bool:
        """Store what has happened already; return whether it could be stored.

        On a full disk a sentence in the server's log says that a later server will not know it.
        """
        return self._recorded(kind, key, lambda: self.put(workspace, kind, key, document, more))

    def record_end(self, workspace: str, kind: str, key: str | int) -> bool:
        """Delete the document of what is gone already; as ``record`` otherwise."""
        return self._recorded(kind, key, lambda: self.delete(workspace, kind, key))

    @staticmethod
    def _recorded(kind: str, key: str | int, store: Callable[[], None]) -> bool:
        try:
            store()
        except OSError as error:
            if not is_full(error):
                raise
            LOGGER.error("The %s %s was not stored. %s", kind, key, sentence(error))  # noqa: TRY400  no traceback
            return False
        return True

    def _write(self, statement: str, *rows: tuple[str, ...]) -> None:
        """Execute a statement that writes, once for each row, for all rows or for none.

        Raises:
            OSError: the disk is full.
        """
        with self._mutex:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany(statement, rows)
                self._database.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if self._database.in_transaction:  # an error may have ended it
                    self._database.execute("ROLLBACK")
                if not is_full(error):
                    raise
                path = str(self.folder / "state.sqlite")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path) from error

    def get(self, workspace: str, kind: str, key: str | int) -> Any:
        """Return a document, or None."""
        with self._mutex:
            row = self._database.execute(
                "SELECT body FROM documents WHERE workspace = ? AND kind = ? AND key = ?",
                (workspace, kind, str(key)),
            ).fetchone()
        return None if row is None else self._document(row[0])

    def all(self, workspace: str, kind: str) -> Iterator[tuple[str, Any]]:
        """Return every document of a kind, with its key."""
        rows = self._rows("SELECT key, body FROM documents WHERE workspace = ? AND kind = ?", workspace, kind)
        return ((key, self._document(body)) for key, body in rows)

    def delete(self, workspace: str, kind: str, key: str | int) -> None:
        """Delete a document if there is one."""
        self._write(
            "DELETE FROM documents WHERE workspace = ? AND kind = ? AND key = ?", (workspace, kind, str(key))
        )

    def clear(self, workspace: str) -> None:
        """Delete all documents of a workspace."""
        self._write("DELETE FROM documents WHERE workspace = ?", (workspace,))

    def _document(self, body: str) -> Any:
        """Return a document; a folder of version 1.0 holds it as JSON."""
        try:
            return json.loads(self.cipher.decrypt(body) if body.startswith(_ENCRYPTED) else body)
        except ValueError as error:
            raise self._broken(error) from error

    def _rows(self, query: str, *parameters: str) -> list[Any]:
        with self._mutex:
            try:
                return self._database.execute(query, parameters).fetchall()
            except sqlite3.DatabaseError as error:
                raise self._broken(error) from error

    def workspaces(self) -> list[str]:
        """Return every workspace that has a document."""
        return [row[0] for row in self._rows("SELECT DISTINCT workspace FROM documents")]

    def size(self) -> int:
        """Return the bytes of the files of the database."""
        files = (self.folder / f"state.sqlite{end}" for end in ("", "-wal", "-shm"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Close the file and release the folder."""
        with self._mutex:
            self._database.close()
        self._lock_file.close()


def _unusable(folder: Path, error: OSError) -> StateError:
    if is_full(error):
        return StateError(sentence(error, str(folder)))
    return StateError(f"{folder} cannot be used ({error}): name another with --state.")


def _owners_file(path: Path) -> int:
    """Open a file for writing, readable for its owner alone; create it where there is none."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_FILE)
    with contextlib.suppress(PermissionError):
        os.fchmod(descriptor, OWNER_FILE)
    return descriptor


class Numbers:
    """Counters whose numbers are never used twice, not even after a restart."""

    def __init__(self, workspace_id: str, storage: Storage) -> None:
        self._workspace_id = workspace_id
        self._storage = storage
        self._lock = threading.Lock()
        self._next: dict[str, int] = dict(storage.all(workspace_id, "number"))

    def take(self, name: str, first: int = 1) -> int:
        """Return the next number of a counter."""
        with self._lock:
            number = self._next.get(name, first)
            # a full disk refuses what gets the number, so a later server may use it again
            self._storage.record(self._workspace_id, "number", name, number + 1)
            self._next[name] = number + 1
        return number
