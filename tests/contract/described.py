"""What `contract/openapi` says of a call, as Python values, and whether an exchange keeps to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Tuple
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import yaml

from contract import corpus

if TYPE_CHECKING:
    from pathlib import Path

OPENAPI = corpus.ROOT / "openapi"
JSON = "application/json"


def read_document(path: Path) -> Any:
    """Read a YAML or JSON document."""
    if path.suffix == ".json":
        return corpus.read_json(path)
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def references(node: Any) -> Iterator[str]:
    """Return every `$ref` in a document, as it is written."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


def bundled(path: Path, node: Any, whole: Any) -> Any:
    """Put in place of each `$ref` what it leads to; a KeyError or OSError says that it leads nowhere."""
    if isinstance(node, list):
        return [bundled(path, each, whole) for each in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        assert list(node) == ["$ref"], f"what stands beside {node['$ref']} would be lost"
        file, _, pointer = node["$ref"].partition("#")
        target = (path.parent / file).resolve() if file else path
        found = document = read_document(target) if file else whole
        for key in pointer.split("/")[1:]:
            found = found[key.replace("~1", "/").replace("~0", "~")]
        return bundled(target, found, document)
    return {key: bundled(path, value, whole) for key, value in node.items()}


class Description:
    """One document of `contract/openapi`.

    Attributes:
        written: as it stands in the file.
        whole: with all references followed.
    """

    def __init__(self, name: str) -> None:
        path = OPENAPI / f"{name}.yaml"
        self.written = read_document(path)
        self.whole = bundled(path, self.written, self.written)

    def operations(self) -> Dict[Tuple[str, str], Any]:
        """Return each operation, by method and path."""
        paths = self.whole["paths"].items()
        return {(method.upper(), path): each for path, item in paths for method, each in item.items()}

    def operation(self, method: str, target: str) -> Optional[Any]:
        """Return the operation of a request, in any version of the Jobs API; ``None`` if there is none."""
        path = re.sub(r"^/api/2\.[02]/jobs/", "/api/2.1/jobs/", urlsplit(target).path)
        return self.operations().get((method, path))

    def request_complaints(self, method: str, target: str, body: Any) -> List[str]:
        """Return what is wrong with a request; a body of None was not sent."""
        operation = self.operation(method, target)
        if operation is None:
            return [f"{method} {target} is not described"]
        known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        asked = parse_qsl(urlsplit(target).query, keep_blank_values=True)
        wrong = [f"the query {name} is not described" for name, _ in asked if name not in known]
        described = operation.get("requestBody", {})
        if body is None:
            return [*wrong, "there is no body"] if described.get("required") else wrong
        if not described:
            return [*wrong, "a body is not described"]
        return wrong + complaints(described["content"][JSON]["schema"], body)

    def answer_complaints(self, method: str, target: str, status: int, body: Any) -> List[str]:
        """Return what is wrong with an answer."""
        operation = self.operation(method, target)
        if operation is None:
            return [f"{method} {target} is not described"]
        described = answer_of(operation["responses"], status)
        if described is None:
            return [f"the status {status} is not described"]
        return complaints(described["content"][JSON]["schema"], body)


def answer_of(responses: Mapping[str, Any], status: int) -> Optional[Any]:
    """Return what is said of a status: of itself, else of its hundred, else of all others."""
    names = (str(status), f"{status // 100}XX", "default")
    return next((responses[name] for name in names if name in responses), None)


def complaints(schema: Any, value: Any) -> List[str]:
    """Return where a value departs from a schema."""
    found = jsonschema.Draft202012Validator(schema).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in found]
