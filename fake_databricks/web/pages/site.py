"""The pages of a workspace: finds the workspace of a token, and hides its secrets in the values of a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Mapping
from urllib.parse import quote, urlencode

from fake_databricks.engine.inside.pictures import png_in
from fake_databricks.errors import ApiError, DoesNotExist, InvalidParameter, InvalidToken
from fake_databricks.redaction import mask_urls
from fake_databricks.ui.page import Elsewhere, NotAdmitted
from fake_databricks.ui.site import Look, Site, picture, sandboxed
from fake_databricks.web.pages import routes, workspace_page
from fake_databricks.web.pages.visit import SignedIn, Visit

if TYPE_CHECKING:
    from fake_databricks.request.call import Reply
    from fake_databricks.ui.site import Asked
    from fake_databricks.web.tenants import Registry
    from fake_databricks.workspace import Workspace

WORKSPACE = "o"
"""The parameter of an address (as in ``run_page_url``) and the field of a form with a workspace's id."""
LOOK = Look(
    name="fake_databricks",
    credential="token",
    about="These pages show the workspace of one token. "
    "The server has printed a link with a token at its start.",
    pages=routes.PAGES,
    actions=frozenset(routes.ACTIONS),
    package="fake_databricks.web.pages",
    calls=("/api/", "/_fake", "/oidc/", "/.well-known/"),
    keeps_several=True,
    choice=workspace_page.ADDRESS,
)


NOT_SIGNED_IN = (
    "The address names the workspace {}, and this browser has not signed in with its token. In the "
    "workspace {} its numbers are other jobs and runs. Sign in with that token, or go on from the first "
    "page, to which the name of this server leads."
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
        current = tenant.workspace.workspace_id
        signed_in = self._signed_in(asked)
        wanted = asked.query.get(WORKSPACE, "") if asked.form is None else ""
        if wanted and wanted != current and wanted not in signed_in.workspaces():
            target = f"{quote(asked.path)}?{urlencode(asked.query)}"
            return self._form(403, target, NOT_SIGNED_IN.format(wanted[:60], current))
        if wanted and wanted != current:
            signed_in.choose(wanted)  # as run_page_url names it
        if wanted and (wanted != current or asked.path != "/"):
            raise Elsewhere(_address(asked.path, asked.query))
        controls = self._registry.controls(asked.credential, tenant)
        visit = Visit(tenant.workspace, controls, asked.names, asked.query, asked.form or {}, signed_in)
        if visit.form.get(WORKSPACE, current) != current:
            raise InvalidParameter(
                f"The page with this form shows another workspace than {current}, to which this browser has "
                "switched since. Load the page again."
            )
        view = asked.page.view if asked.form is None else routes.ACTIONS[asked.path]
        try:
            found = view(visit)
        except ApiError as error:
            # Some calls say so that something does not exist.
            if asked.form is None and error.status == HTTPStatus.BAD_REQUEST:
                raise DoesNotExist(error.message) from None
            raise
        shown = {"title": asked.page.title, WORKSPACE: current, **found}
        values = mask_urls(tenant.workspace.secrets.redact(shown))
        if asked.page is routes.DISPLAY:
            return sandboxed(values["html"])
        if asked.page is routes.PICTURE:
            return picture(png_in(values["png"]))
        return self._written(asked.page, values, asked.credential)

    def _whose(self, credential: str) -> str:
        return f"workspace {self._registry.tenant(credential).workspace.workspace_id}"

    def _signed_in(self, asked: Asked) -> SignedIn:
        """Return what a browser has signed in to; it is looked up when it is asked for."""

        def by_id() -> dict[str, dict[str, Workspace]]:
            found: dict[str, dict[str, Workspace]] = {}
            for held in asked.session.credentials:
                try:
                    workspace = self._registry.tenant(self._registry.admitted(held)).workspace
                except InvalidToken:  # it has expired, or was deleted
                    asked.session.forget(held)
                    continue
                found.setdefault(workspace.workspace_id, {})[held] = workspace
            return found

        def leave(workspace_id: str) -> None:
            for held in by_id()[workspace_id]:
                asked.session.forget(held)

        return SignedIn(
            lambda: {name: next(iter(items.values())) for name, items in by_id().items()},
            lambda workspace_id: asked.session.choose(next(iter(by_id()[workspace_id]))),
            leave,
        )

    def _refusal(self, error: Exception) -> tuple[int, str] | None:
        return (error.status, error.message) if isinstance(error, ApiError) else None


def _address(path: str, query: Mapping[str, str]) -> str:
    """Return the address of a page in the current workspace; at ``/`` it stays named, for the fragment."""
    rest = {name: value for name, value in query.items() if path == "/" or name != WORKSPACE}
    return quote(path) + (f"?{urlencode(rest)}" if rest else "")
