"""A recorded right play of all cases, and a server that answers from it."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from contract import corpus
from contract.verify import Player, in_order
from tests.contract.mutants import Mutant, Reply, right

RECORDED: Mapping[str, List[Dict[str, Any]]] = json.loads(
    Path(__file__).with_name("recorded_answers.json").read_text(encoding="utf-8")
)
CASES = in_order(corpus.cases())
GIVEN = {"token": "dapi-of-the-recording", "cluster_id": "0123-456789-abcdef01", "refused_token": "refused"}
Asked = Tuple[str, str, str]
NEVER_ASKED = Reply(404, "application/json", '{"error_code": "NOT_FOUND", "message": "never asked"}')


@contextmanager
def replying(reply_to: Callable[[Asked], Reply]) -> Iterator[str]:
    """Serve replies for the length of a ``with``; the value is the URL."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            reply = reply_to((self.command, self.path, text))
            content = reply.content.encode()
            self.send_response(reply.status)
            if reply.content_type:
                self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer  # noqa: N815  names that http.server wants

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  http.server's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def learned() -> Dict[str, List[Asked]]:
    """Return what each case asks in a right play, by its id."""
    asked: Dict[str, List[Asked]] = {}
    replies: List[Reply] = []
    case_id = ""

    def answer(request: Asked) -> Reply:
        asked.setdefault(case_id, []).append(request)
        return replies.pop(0)

    with replying(answer) as url:
        player = Player(url, {**corpus.default_variables(), **GIVEN}, pause=lambda _: None)
        for case in CASES:
            case_id, replies[:] = case["id"], [right(each) for each in RECORDED[case["id"]]]
            assert player.play(case).outcome == "passed"
    return asked


class Replay:
    """Answers a whole play in its order, for a runner that does not say which case it asks.

    Args:
        expected: what each case asks, by its id; of a right play.
        mutant: the case whose answers are others.
    """

    def __init__(self, expected: Mapping[str, Sequence[Asked]], mutant: Optional[Mutant] = None) -> None:
        self._replies = {case["id"]: [right(each) for each in RECORDED[case["id"]]] for case in CASES}
        if mutant:
            self._replies[mutant.case_id] = list(mutant.replies)
        self._expected = {case: set(map(_sorted, asked)) for case, asked in expected.items()}
        self._place = 0

    def answer(self, asked: Asked) -> Reply:
        """Return the next reply of the case that is played, or of the next one that asks this."""
        for place in range(self._place, len(CASES)):
            case_id = CASES[place]["id"]
            if self._replies[case_id] and _sorted(asked) in self._expected[case_id]:
                self._place = place
                return self._replies[case_id].pop(0)
        return NEVER_ASKED


def _sorted(asked: Asked) -> Asked:
    """Return a request whose body has its keys sorted: their order is the runner's own. No port."""
    method, path, text = asked
    path = re.sub("^http://[^/]+", "absolute:", path)
    try:
        return method, path, json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return method, path, text
