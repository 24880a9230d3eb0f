"""The forms in which a path names a database: URLs, and URLs as JDBC has them. Pure.

The user and the password are taken out: what is left may be shown, and becomes the id of the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple
from urllib.parse import quote, unquote, unquote_plus

from nuvyn_executor.errors import SourceError

POSTGRESQL, MYSQL, SQLITE, SQLSERVER, ORACLE = "postgresql", "mysql", "sqlite", "sqlserver", "oracle"

_KINDS = {
    "postgresql": POSTGRESQL,
    "postgres": POSTGRESQL,
    "mysql": MYSQL,
    "mariadb": MYSQL,
    "sqlite": SQLITE,
    "sqlserver": SQLSERVER,
    "mssql": SQLSERVER,
    "oracle": ORACLE,
}
PORTS = {POSTGRESQL: 5432, MYSQL: 3306, SQLSERVER: 1433, ORACLE: 1521}
"""Where a server of each kind listens unless the path names a port."""
_DATABASE_KEYS = ("databasename", "database")
_USER_KEYS, _PASSWORD_KEYS = ("user", "username"), ("password", "pwd")
# At the very end: a password in the path may hold a #, too.
_FRAGMENT = re.compile(r"#([\w.$*%\- ]*)$")
_FORMS = "Write postgresql://, mysql://, mariadb://, sqlite:///, sqlserver://, or the same as jdbc:..."
# Names that Spark's reader takes for itself: as an option of the driver they would change what is read.
_SPARKS = (
    "url|driver|dbtable|query|partitioncolumn|lowerbound|upperbound|numpartitions|querytimeout|fetchsize"
    "|sessioninitstatement|customschema|preparequery|pushdown[a-z]+|hint|keytab|principal|refreshkrb5config"
    "|connectionprovider|prefertimestampntz"
)


@dataclass(frozen=True)
class DatabaseAddress:
    """Where a database is, and which of its tables are meant.

    Attributes:
        kind: one of the constants of this module.
        scheme: the word of the path: ``mariadb`` where the kind is ``mysql``.
        host: empty for SQLite.
        database: the database; of SQLite the file, of Oracle the service.
        schema: only the tables of this schema; ``""``: of all.
        table: only this table; ``""``: all.
        user: from the path, ``""`` where it names none.
        password: the same.
        options: parameters of the driver, as the path has them; some may be secret.
    """

    kind: str
    scheme: str
    host: str
    port: Optional[int]
    database: str
    schema: str = ""
    table: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: Tuple[Tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def location(self) -> str:
        """The address as it may be shown: without user, password and parameters of the driver."""
        base = f"{self.scheme}://{self.server}/{self.database}"
        if self.kind == SQLITE:
            base = f"sqlite:{'//' if self.database.startswith('/') else ''}{self.database}"
        if self.table:
            return f"{base}?table={self.schema + '.' if self.schema else ''}{self.table}"
        return f"{base}?schema={self.schema}" if self.schema else base

    @property
    def server(self) -> str:
        """Host and port; the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in (None, PORTS.get(self.kind)) else f"{host}:{self.port}"

    @property
    def jdbc_url(self) -> str:
        """The URL for JDBC, without a secret: user, password and parameters are options beside it."""
        server = f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port or PORTS.get(self.kind)}"
        if self.kind == SQLITE:
            return f"jdbc:sqlite:{self.database}"
        if self.kind == SQLSERVER:
            instance = dict(self.options).get("instanceName")
            server = self.host if instance and self.port is None else server.replace(",", ":")
            name = f";databaseName={{{self.database}}}" if self.database else ""
            return f"jdbc:sqlserver://{server}{name}"
        if self.kind == ORACLE:
            return f"jdbc:oracle:thin:@//{server}/{self.database}"
        database = quote(self.database, safe="")
        if self.kind == MYSQL:
            # Where the URL says mysql, Spark quotes names as MySQL does. MariaDB's driver has to be told.
            return f"jdbc:mysql://{server}/{database}?permitMysqlScheme"
        return f"jdbc:postgresql://{server}/{database}"


def is_database(path: str) -> bool:
    """Whether a path names a database, by its scheme."""
    scheme = path.partition(":")[0].lower()
    return scheme == "jdbc" or (scheme in _KINDS and (scheme == "sqlite" or path[len(scheme) :][:3] == "://"))


def parse_address(path: str) -> DatabaseAddress:
    """Read the path of a database.

    Raises:
        SourceError: it names no database that can be read. The sentence repeats nothing that may be secret.
    """
    jdbc = path[:5].lower() == "jdbc:"
    bare = path[5:] if jdbc else path
    scheme, _, rest = bare.partition(":")
    scheme = scheme.lower()
    kind = _KINDS.get(scheme)
    if kind is None:
        raise SourceError(f"A database of the kind {_word(scheme)} is not read.", _FORMS)
    named = _FRAGMENT.search(rest)
    fragment = named.group(1) if named else ""
    rest = rest[: named.start()] if named else rest
    if kind == ORACLE:
        rest, user, password = _oracle(rest)
        found = _split(kind, scheme, rest)
        found = _with(found, user, password)
    elif kind == SQLITE:
        found = _sqlite(scheme, rest)
    else:
        found = _split(kind, scheme, rest)
    return _narrowed(found, unquote(fragment))


class _Parts:
    """What a path was split into; ``options`` are still to be sorted."""

    def __init__(self, kind: str, scheme: str) -> None:
        self.kind, self.scheme = kind, scheme
        self.host, self.database = "", ""
        self.port: Optional[int] = None
        self.user, self.password = "", ""
        self.options: List[Tuple[str, str]] = []


def _with(parts: _Parts, user: str, password: str) -> _Parts:
    parts.user, parts.password = user or parts.user, password or parts.password
    return parts


def _split(kind: str, scheme: str, rest: str) -> _Parts:
    """Split ``//user:password@host:port/database`` with parameters after ``?`` or ``;``."""
    parts = _Parts(kind, scheme)
    if not rest.startswith("//"):
        raise SourceError(f"The path of a {scheme} database names no host.", f"Write {scheme}://host/name.")
    separator = ";" if kind == SQLSERVER and ";" in rest else "?"
    main, _, parameters = rest[2:].partition(separator)
    authority, _, database = main.partition("/")
    if "@" in database and "@" not in authority:  # a password with a slash that is not escaped
        raise SourceError(
            f"The path of a {scheme} database has a / before its host.", "Write / in a password as %2F."
        )
    user, _, place = authority.rpartition("@")
    parts.user, _, parts.password = (unquote(part) for part in user.partition(":"))
    host, port = _host_and_port(place, scheme)
    if kind == SQLSERVER and "\\" in host:
        host, _, instance = host.partition("\\")
        parts.options.append(("instanceName", instance))
    if not host:
        raise SourceError(f"The path of a {scheme} database names no host.", f"Write {scheme}://host/name.")
    parts.host, parts.port = host, port
    parts.database = unquote(database.strip("/"))
    for pair in re.split("[;&]" if separator == "?" else ";", parameters):
        name, _, value = pair.partition("=")
        if name.strip():
            decoded = unquote_plus(value) if separator == "?" else re.sub(r"^\{(.*)\}$", r"\1", value)
            parts.options.append((name.strip(), decoded))
    return parts


def _host_and_port(place: str, scheme: str) -> Tuple[str, Optional[int]]:
    if "," in place:
        raise SourceError(f"The path of a {scheme} database names several hosts.", "Name one of them.")
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:]*))(?::(\d{1,5}))?", place)
    if found is None:
        raise SourceError(f"The host in the path of a {scheme} database is malformed.", "Write host:port.")
    host = found.group(1) or found.group(2) or ""
    return unquote(host), int(found.group(3)) if found.group(3) else None


def _sqlite(scheme: str, rest: str) -> _Parts:
    parts = _Parts(SQLITE, scheme)
    file, _, parameters = rest.partition("?")
    parts.database = unquote(re.sub(r"^//+", "/", re.sub(r"^file:", "", file)))
    if parts.database.strip("/") in ("", ":memory:"):
        raise SourceError("The path of a SQLite database names no file.", "Write sqlite:///folder/file.db.")
    for pair in parameters.split("&"):
        name, _, value = pair.partition("=")
        if name:
            parts.options.append((name, unquote_plus(value)))
    return parts


def _oracle(rest: str) -> Tuple[str, str, str]:
    """Bring ``thin:user/password@//host:port/service`` and ``thin:@host:port:sid`` into the form of a URL."""
    if not rest.lower().startswith("thin:"):
        return rest, "", ""
    address, question, parameters = rest[5:].partition("?")
    if "@" not in address:  # a question mark of the login
        address, question, parameters = rest[5:], "", ""
    login, _, place = address.rpartition("@")
    user, _, password = login.partition("/")
    place = place.lstrip("/")
    if place.startswith("("):
        raise SourceError(
            "A descriptor of Oracle's is not read.", "Write jdbc:oracle:thin:@//host:port/service."
        )
    if "/" not in place and place.count(":") > 1:  # host:port:sid
        place = "/".join(place.rsplit(":", 1))
    return f"//{place}{question}{parameters}", user, password


def _narrowed(parts: _Parts, fragment: str) -> DatabaseAddress:
    """Sort the parameters: the tables, the login, and the options of the driver."""
    ours: Dict[str, str] = {}
    options: List[Tuple[str, str]] = []
    for name, value in parts.options:
        word = _meaning(parts.kind, name.lower())
        if word:
            ours.setdefault(word, value)
        elif not re.fullmatch(_SPARKS, name.lower()):
            options.append((name, value))
    schema, table = _tables(parts.kind, ours.get("schema", ""), ours.get("table", ""), fragment)
    database = parts.database or ours.get("database", "") or (schema if parts.kind == MYSQL else "")
    if not database and parts.kind in (POSTGRESQL, ORACLE):
        raise SourceError(
            f"The path of a {parts.scheme} database names no database.",
            f"Write {parts.scheme}://{parts.host}/name.",
        )
    return DatabaseAddress(
        parts.kind, parts.scheme, parts.host, parts.port, database, schema, table,
        parts.user or ours.get("user", ""), parts.password or ours.get("password", ""), tuple(options),
    )  # fmt: skip


def _meaning(kind: str, key: str) -> str:
    """Return what a parameter is for us; ``""`` for one of the driver."""
    if key in ("table", "schema"):
        return key
    if key in _USER_KEYS:
        return "user"
    if key in _PASSWORD_KEYS:
        return "password"
    if key in _DATABASE_KEYS and kind == SQLSERVER:
        return "database"
    return "schema" if key == "currentschema" and kind == POSTGRESQL else ""


def _tables(kind: str, schema: str, table: str, fragment: str) -> Tuple[str, str]:
    """Return schema and table: ``?table=schema.table``, ``#schema.table``, ``#schema``; ``*`` is all."""
    if kind == SQLITE:
        return "", _all(fragment or table)
    named = fragment or table
    before, dot, after = named.partition(".")
    if fragment and not dot and not schema and kind != MYSQL:
        return before, _all(table)
    return (before, _all(after)) if dot and (fragment or not schema) else (schema, _all(named))


def _all(table: str) -> str:
    return "" if table == "*" else table


def _word(scheme: str) -> str:
    return scheme if re.fullmatch(r"[a-z0-9+.-]{1,30}", scheme) else "that is named"
