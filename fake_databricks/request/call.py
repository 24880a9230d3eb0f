"""One request as handlers see it: parameters from query and body together, whatever the Content-Type."""

from __future__ import annotations

import email
import email.message
import email.policy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Mapping
from urllib.parse import parse_qsl, unquote

from fake_databricks.errors import InvalidParameter, MalformedRequest
from fake_databricks.request.documents import INVALID_JSON, check_document, read_document
from fake_databricks.request.values import (
    read_boolean,
    read_integer,
    read_list,
    read_object,
    read_string,
    read_text,
)

if TYPE_CHECKING:
    from fake_databricks.web.faults import FaultTable
    from fake_databricks.web.journal import Journal
    from fake_databricks.workspace import Workspace


class Parameters:
    """The parameters of a call by name; null and an empty text count as absent."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if value is not None and value != ""}

    def has(self, name: str) -> bool:
        """Whether the parameter is present."""
        return name in self.values

    def _required(self, name: str) -> Any:
        try:
            return self.values[name]
        except KeyError:
            raise InvalidParameter(f"Missing required field: {name}") from None

    def integer(self, name: str, default: int | None = None) -> int:
        """Return an integer; the parameter is required if there is no default."""
        if default is not None and name not in self.values:
            return default
        return read_integer(name, self._required(name))

    def optional_integer(self, name: str) -> int | None:
        """Return an integer, or None."""
        return read_integer(name, self.values[name]) if name in self.values else None

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; the parameter is required if there is no default."""
        if default is not None and name not in self.values:
            return default
        return read_string(name, self._required(name))

    def boolean(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean."""
        return read_boolean(name, self.values[name]) if name in self.values else default

    def list(self, name: str) -> list[Any]:
        """Return a list; empty if the parameter is absent."""
        return read_list(name, self.values.get(name, []))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return texts; a single text in the query is one of them."""
        value = self.values.get(name, [])
        items = [value] if isinstance(value, str) else read_list(name, value)
        return tuple(read_text(name, item) for item in items)

    def object(self, name: str, *, required: bool = False) -> dict[str, Any]:
        """Return a JSON object; empty if the parameter is absent and not required."""
        return read_object(name, self._required(name) if required else self.values.get(name, {}))


@dataclass(frozen=True)
class Controls:
    """What ``/_fake`` works on: faults and journal of a workspace, and its reset."""

    faults: FaultTable
    journal: Journal
    reset: Callable[[], None]


@dataclass
class Call:
    """A request whose handler was found.

    Attributes:
        workspace: the workspace of the token.
        controls: faults, journal and reset of that workspace, for ``/_fake``.
        version: ``2.0``, ``2.1``, ``2.2`` or ``1.2``; empty for ``/_fake``.
        headers: the headers by lower-case name.
        query: the text after ``?``.
        body: the bytes of the body.
        rest: the text in place of the ``*`` of the route.
        files: the files of a form, once its parameters were read.
        notes: what the journal says about the request besides the answer.
    """

    workspace: Workspace
    controls: Controls
    version: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    rest: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    _parameters: Parameters | None = None

    @property
    def parameters(self) -> Parameters:
        """The parameters of query and body; those of the body take precedence.

        Raises:
            MalformedRequest: the body is not empty, not a JSON object and not a form.
        """
        if self._parameters is None:
            self._parameters = Parameters({**read_query(self.query), **self._read_body()})
        return self._parameters

    @property
    def document(self) -> dict[str, Any]:
        """The body as a JSON object."""
        return self._read_body()

    @property
    def query_parameters(self) -> Parameters:
        """The parameters of the query alone, for calls whose body is content."""
        return Parameters(read_query(self.query))

    @property
    def names_read(self) -> tuple[str, ...]:
        """The names of the parameters that the handler had: of the body too, where that is no content."""
        values = self.query_parameters if self._parameters is None else self._parameters
        return tuple(values.values)

    def _read_body(self) -> dict[str, Any]:
        if self.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            return self._read_form()
        if not self.body.strip():
            return {}
        document = read_document(self.body)
        if not isinstance(document, dict):
            raise MalformedRequest(INVALID_JSON)
        return document

    def _read_form(self) -> dict[str, Any]:
        try:
            fields = self._read_parts()
        except Exception:  # noqa: BLE001  the standard library's parser of headers fails in many ways
            raise MalformedRequest("The body of the request is not a form that can be read.") from None
        check_document(fields)
        return fields

    def _read_parts(self) -> dict[str, Any]:
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + self.body, policy=email.policy.HTTP)
        assert isinstance(message, email.message.EmailMessage)
        fields: dict[str, Any] = {}
        for part in message.iter_parts():
            name = part.get_param("name", header="content-disposition")
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
            if part.get_filename() is not None or name in ("content", "file", "contents"):
                self.files[str(name)] = content
            else:
                fields[str(name)] = content.decode("utf-8", "replace").strip("\r\n")
        return fields


def read_query(query: str) -> dict[str, Any]:
    """Return the parameters of a query; a repeated name is a list; raw JSON (``curl -G -d``) is read too."""
    text = unquote(query)
    if text.startswith("{"):
        document = read_document(text)
        return document if isinstance(document, dict) else {}
    values: dict[str, Any] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise InvalidParameter("The query of the request is not text in UTF-8.") from None
    for name, value in pairs:
        if name in values:
            before = values[name] if isinstance(values[name], list) else [values[name]]
            values[name] = [*before, value]
        else:
            values[name] = value
    return values


@dataclass(frozen=True)
class Reply:
    """An answer that is not a plain JSON object with status 200."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], "Reply | dict[str, Any]"]


@dataclass(frozen=True)
class Route:
    """A call: method, versions, path (``*`` at the end is any text), and its handler.

    Attributes:
        is_slow: whether it reads or writes files, and so must not block the event loop.
        is_waiting: whether it waits for something else than files, so that many of them may wait at once
            without a call on files waiting for its turn behind them.
    """

    method: str
    path: str
    handler: Handler
    versions: tuple[str, ...] = ("2.0",)
    is_slow: bool = False
    is_waiting: bool = False
