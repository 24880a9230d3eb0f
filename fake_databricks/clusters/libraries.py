"""Libraries of a cluster or a task: which kinds are honoured, and the pip arguments of each. Pure."""

from __future__ import annotations

from typing import Any, Callable, Mapping

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.values import Field, all_unknown_fields, read_object, read_text

_OTHER = "only Python packages are installed here"
LIBRARY_FIELDS: Mapping[str, Field] = {
    "pypi": Field("object", parts={"package": Field("text"), "repo": Field("text")}),
    "whl": Field("text"),
    "requirements": Field("text"),
    "jar": Field("text", "refused", _OTHER),
    "egg": Field("text", "refused", _OTHER),
    "maven": Field("object", "refused", _OTHER),
    "cran": Field("object", "refused", _OTHER),
}
"""The kinds of libraries; a library has one of them."""

LIBRARIES = {"libraries": Field("list", each=Field("object", parts=LIBRARY_FIELDS))}
HONOURED = tuple(kind for kind, field in LIBRARY_FIELDS.items() if field.fate == "honoured")
REFUSED = tuple(kind for kind, field in LIBRARY_FIELDS.items() if field.fate == "refused")


def notes_of(document: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each field in the libraries of a document that Databricks does not know."""
    return all_unknown_fields({name: document[name] for name in LIBRARIES if name in document}, LIBRARIES)


def check_library(library: Mapping[str, Any]) -> str:
    """Return the kind of a library.

    Raises:
        InvalidParameter: not exactly one kind, or one that is not honoured here.
    """
    kinds = [kind for kind in (*HONOURED, *REFUSED) if library.get(kind)]
    if len(kinds) != 1:
        raise InvalidParameter(f"A library must have exactly one of {', '.join((*HONOURED, *REFUSED))}.")
    if kinds[0] in REFUSED:
        raise InvalidParameter(
            f"Field 'libraries.{kinds[0]}' is not supported: {_OTHER} ({', '.join(HONOURED)})."
        )
    _value(kinds[0], library)
    return kinds[0]


def check_package(library: Mapping[str, Any]) -> None:
    """Refuse what pip cannot be given, and an option of pip, which would install nothing.

    A library that an older version has stored may be one: it is refused when it is installed.

    Raises:
        InvalidParameter: the library is none.
    """
    value, index = _value(check_library(library), library)
    if "\0" in value + index:
        raise InvalidParameter(f"The library {value[:60]!r} must not have a null character.")
    if value.strip().startswith("-"):
        raise InvalidParameter(f"The library {value[:60]!r} is an option of pip, and no package.")


def pip_arguments(library: Mapping[str, Any], locate: Callable[[str], str]) -> list[str]:
    """Return the arguments of ``pip`` that install a library.

    Args:
        library: one kind with its value.
        locate: from a path of the workspace to one of this machine.
    """
    kind = check_library(library)
    check_package(library)
    value, index = _value(kind, library)
    if kind == "pypi":
        return ["install", value, *(["--index-url", index] if index else [])]
    path = locate(value)
    return ["install", "-r", path] if kind == "requirements" else ["install", path]


def _value(kind: str, library: Mapping[str, Any]) -> tuple[str, str]:
    """Return the package or path of a library, and the index that it names."""
    if kind != "pypi":
        return read_text(f"libraries.{kind}", library[kind]), ""
    pypi = read_object("libraries.pypi", library[kind])
    package = read_text("libraries.pypi.package", pypi.get("package"))
    return package, read_text("libraries.pypi.repo", pypi.get("repo") or "")
