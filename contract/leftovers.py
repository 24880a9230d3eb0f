"""What a play creates on a server, and how it is removed again: jobs, runs, scopes, contexts, files."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from contract.exchange import Answer, Send, send

ATTEMPTS = 5  # a run that was cancelled needs a moment until it may be deleted
PAUSE = 0.3
Step = Tuple[str, Mapping[str, Any]]
Steps = List[Step]


def _job(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Steps:
    del asked
    job = {"job_id": answered["job_id"]}
    return [("/api/2.1/jobs/runs/cancel-all", job), ("/api/2.1/jobs/delete", job)]


def _run(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Steps:
    del asked
    run = {"run_id": answered["run_id"]}
    return [("/api/2.1/jobs/runs/cancel", run), ("/api/2.1/jobs/runs/delete", run)]


def _context(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Steps:
    return [("/api/1.2/contexts/destroy", {"clusterId": asked["clusterId"], "contextId": answered["id"]})]


def _scope(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Steps:
    del answered
    return [("/api/2.0/secrets/scopes/delete", {"scope": asked["scope"]})]


def _file(asked: Mapping[str, Any], answered: Mapping[str, Any]) -> Steps:
    del answered
    return [("/api/2.0/dbfs/delete", {"path": asked["path"], "recursive": False})]


# By the end of the path that creates; what it takes to remove. The order is that of removing.
_CREATED: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Steps]] = {
    "/jobs/create": _job,
    "/jobs/runs/submit": _run,
    "/contexts/create": _context,
    "/secrets/scopes/create": _scope,
    "/dbfs/put": _file,
}
_GONE = (404,)
_GONE_WORDS = ("does not exist", "RESOURCE_DOES_NOT_EXIST", "not found", "ContextNotFound")


@dataclass
class Leftovers:
    """Notes what is created through it, and removes it.

    Attributes:
        url: the server.
        token: as whom it is asked.
        folder: a DBFS folder that belongs to the play alone and is removed with all in it; empty for none.
        send: how a request is sent.
        pause: waits for some seconds.

    """

    url: str
    token: str
    folder: str = ""
    send: Send = send
    pause: Callable[[float], None] = time.sleep
    created: Dict[str, List[Steps]] = field(default_factory=dict)

    def watch(self, url: str, request: Mapping[str, Any]) -> Answer:
        """Send a request, and note what it created."""
        answer = self.send(url, request)
        kind = next((end for end in _CREATED if request["path"].partition("?")[0].endswith(end)), None)
        if kind and answer.status < 300 and isinstance(request.get("body"), dict):  # noqa: PLR2004  HTTP's own
            try:
                steps = _CREATED[kind](request["body"], answer.body)
            except (KeyError, TypeError):  # the answer is not as documented, and names nothing to remove
                return answer
            if steps not in self.created.setdefault(kind, []):
                self.created[kind].append(steps)
        return answer

    def remove(self) -> List[str]:
        """Remove what was created. Return a sentence for each thing that could not be removed."""
        staying: List[str] = []
        folder: Sequence[Steps] = (
            [[("/api/2.0/dbfs/delete", {"path": self.folder, "recursive": True})]] if self.folder else []
        )
        for steps in [*(each for kind in _CREATED for each in self.created.get(kind, ())), *folder]:
            try:
                staying.extend(self._removed(steps))
            except (OSError, HTTPException) as error:
                return [*staying, f"{self.url} does not answer any more, so the rest stays: {error}"]
        return staying

    def _removed(self, steps: Steps) -> List[str]:
        *before, (path, body) = steps
        for each, what in before:
            self._post(each, what)
        for attempt in range(ATTEMPTS):
            answer = self._post(path, body)
            if answer.status < 300 or answer.status in _GONE:  # noqa: PLR2004  HTTP's own
                return []
            if any(word in answer.text for word in _GONE_WORDS):
                return []
            if attempt < ATTEMPTS - 1:
                self.pause(PAUSE)
        return [f"{path} {body} was answered with {answer.status}: {answer.text[:200]}"]

    def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self.send(
            self.url,
            {
                "method": "POST",
                "path": path,
                "headers": {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
                "client": "curl",
                "body": body,
            },
        )
