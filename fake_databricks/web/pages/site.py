"""The pages of a workspace: finds the workspace of a token, and hides its secrets in the values of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_databricks.errors import ApiError, InvalidToken
from fake_databricks.redaction import mask_urls
from fake_databricks.ui.page import NotAdmitted
from fake_databricks.ui.site import Look, Site, sandboxed
from fake_databricks.web.pages import routes
from fake_databricks.web.pages.visit import Visit

if TYPE_CHECKING:
    from fake_databricks.request.call import Reply
    from fake_databricks.ui.site import Asked
    from fake_databricks.web.tenants import Registry

LOOK = Look(
    name="fake_databricks",
    credential="token",
    about="These pages show the workspace of one token. "
    "The server has printed a link with a token at its start.",
    pages=routes.PAGES,
    actions=frozenset(routes.ACTIONS),
    package="fake_databricks.web.pages",
)


class WorkspaceSite(Site):
    """The pages of a server, each for the workspace of the token that the person has signed in with.

    Args:
        registry: finds the workspace of a token.
    """

    def __init__(self, registry: Registry) -> None:
        super().__init__(LOOK)
        self._registry = registry

    def _admitted(self, credential: str) -> str:
        try:
            return self._registry.admitted(credential)
        except InvalidToken as error:
            raise NotAdmitted(error.message) from None

    def _answer(self, asked: Asked) -> Reply:
        tenant = self._registry.tenant(asked.credential)
        controls = self._registry.controls(asked.credential, tenant)
        visit = Visit(tenant.workspace, controls, asked.names, asked.query, asked.form or {})
        view = asked.page.view if asked.form is None else routes.ACTIONS[asked.path]
        values = mask_urls(tenant.workspace.secrets.redact({"title": asked.page.title, **view(visit)}))
        if asked.page is routes.DISPLAY:
            return sandboxed(values["html"])
        return self._written(asked.page, values, f"workspace {tenant.workspace.workspace_id}")

    def _refusal(self, error: Exception) -> tuple[int, str] | None:
        return (error.status, error.message) if isinstance(error, ApiError) else None
