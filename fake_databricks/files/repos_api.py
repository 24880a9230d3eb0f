"""``/api/2.0/repos``: refused with the reason."""

from __future__ import annotations

from typing import Any

from fake_databricks.errors import InvalidParameter
from fake_databricks.request.call import Call, Route


def refuse(call: Call) -> dict[str, Any]:  # noqa: ARG001  the same for every caller
    """Refuse: no repository is cloned here."""
    raise InvalidParameter(
        "Repos are not supported: no Git repository is cloned here; upload its files, "
        "for example with /api/2.0/workspace/import."
    )


ROUTES = (
    *(Route(method, "/repos", refuse) for method in ("GET", "POST")),
    *(Route(method, "/repos/*", refuse) for method in ("GET", "PATCH", "DELETE")),
)
