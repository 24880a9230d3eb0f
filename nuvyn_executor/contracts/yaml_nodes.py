"""Reads YAML as nodes that know their line. Needs PyYAML, which is imported when a text is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Union

MOST_BYTES = 1_000_000
"""A larger file is no contract that a person wrote."""
_MOST_NODES = 100_000  # an alias may repeat what it names, so that a short text makes a large tree
_MOST_LEVELS = 50
_INSTALL = "PyYAML is not installed, which reads data contracts"
INSTALL_REMEDY = "Install it: pip install 'nuvyn-executor-script[contracts]'."


class BrokenContract(Exception):  # noqa: N818  what happened, in a word
    """A contract that cannot be used.

    Args:
        message: one clause: what is wrong.
        line: where, from 1; 0 where no line is to blame.
        remedy: what to do about it.
    """

    def __init__(self, message: str, line: int = 0, remedy: str = "Correct it.") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.remedy = remedy


@dataclass(frozen=True)
class Node:
    """A value of a YAML text.

    Attributes:
        value: a mapping of nodes, a list of nodes, a text, a number, a truth value, or ``None``. A moment is
            its text.
        line: its line, from 1.
        text: of a scalar, as it is written: ``NO`` may be a country, though YAML 1.1 calls it false.
    """

    value: Union[Dict[str, Node], List[Node], str, int, float, bool, None]
    line: int
    text: str = ""

    def plain(self) -> Any:
        """Return the value without lines."""
        if isinstance(self.value, dict):
            return {key: one.plain() for key, one in self.value.items()}
        return [one.plain() for one in self.value] if isinstance(self.value, list) else self.value


def read_yaml(data: bytes) -> Node:
    """Read a YAML text.

    Raises:
        BrokenContract: it is no YAML, or PyYAML is not installed.
    """
    try:
        import yaml  # noqa: PLC0415  an extra: only who has a data contract needs it
    except ImportError:
        raise BrokenContract(_INSTALL, remedy=INSTALL_REMEDY) from None
    if len(data) > MOST_BYTES:
        raise BrokenContract(f"it is larger than {MOST_BYTES:,} bytes", remedy="Divide it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BrokenContract("it is not UTF-8", line, "Save it as UTF-8.") from None
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            raise BrokenContract("it is empty", remedy="Write it again.")
        return _Reader(yaml, loader).read(root, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "it is no YAML"
        raise BrokenContract(
            f"it is no YAML: {what}",
            mark.line + 1 if mark else 0,
            "Correct the line (blanks at its beginning, colons, quotes).",
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = next(iter(str(error).splitlines()), "") or "it is nested too deeply"
        raise BrokenContract(f"it is no YAML: {first}", remedy="Write it as YAML.") from None
    finally:
        if loader is not None:
            loader.dispose()


class _Reader:
    """Makes nodes of PyYAML's, as many as are allowed."""

    def __init__(self, yaml: Any, loader: Any) -> None:
        self._yaml = yaml
        self._loader = loader
        self._count = 0

    def read(self, node: Any, level: int) -> Node:
        line = node.start_mark.line + 1
        self._count += 1
        if self._count > _MOST_NODES or level > _MOST_LEVELS:
            raise BrokenContract("it has too many values, or levels of them", line, "Divide it.")
        if isinstance(node, self._yaml.MappingNode):
            return Node(self._mapping(node, level), line)
        if isinstance(node, self._yaml.SequenceNode):
            return Node([self.read(one, level + 1) for one in node.value], line)
        kind = node.tag.rpartition(":")[2]
        if kind in ("int", "float", "bool", "null"):
            return Node(_as_double(self._loader.construct_object(node), line), line, node.value)
        return Node(node.value, line, node.value)

    def _mapping(self, node: Any, level: int) -> Dict[str, Node]:
        self._loader.flatten_mapping(node)  # what "<<" refers to
        found: Dict[str, Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                raise BrokenContract(
                    f"{name} stands there twice", key.start_mark.line + 1, "Remove one of them."
                )
            found[name] = self.read(value, level + 1)
        return found


def _as_double(value: Any, line: int) -> Any:
    """Return a value; a number that no double holds is refused."""
    try:
        float(value or 0)
    except OverflowError:
        raise BrokenContract("it has a number that is too large", line, "Write a smaller one.") from None
    return value


def write_yaml(document: Mapping[str, Any]) -> str:
    """Return plain values as a YAML text, in their order.

    Raises:
        BrokenContract: PyYAML is not installed.
    """
    try:
        import yaml  # noqa: PLC0415  as in read_yaml
    except ImportError:
        raise BrokenContract(_INSTALL, remedy=INSTALL_REMEDY) from None
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))
