"""Requests arrive exactly as their case describes them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any, Callable, ContextManager, Dict, Optional, Tuple

import pytest

from contract.exchange import FORM, send

Serving = Callable[[Callable[[str, str, str], Tuple[int, Any]]], ContextManager[Any]]


class TestRequests:
    """GET bodies, an absent Content-Type and odd headers are exact."""

    @staticmethod
    def arrived(serving: Serving, **changes: Any) -> Tuple[str, Dict[str, str], str]:
        with serving(lambda *_: (200, {})) as server:
            send(server.url, {"method": "POST", "path": "/x?a=1", "headers": {}, "client": "bare", **changes})
            arrived: Tuple[str, Dict[str, str], str] = server.seen[0]
        return arrived

    def test_a_bare_request_has_host_and_length_and_nothing_else(self, serving: Serving) -> None:
        line, headers, text = self.arrived(serving, body={"name": "Größe"})

        assert line == "POST /x?a=1 HTTP/1.1"
        assert set(headers) == {"Host", "Content-Length"}
        assert json.loads(text) == {"name": "Größe"}

    def test_curl_calls_a_body_a_form(self, serving: Serving) -> None:
        _, headers, _ = self.arrived(serving, client="curl", body={})

        assert headers["Content-Type"] == FORM
        assert headers["Accept"] == "*/*"

    def test_curl_leaves_a_content_type_that_is_given(self, serving: Serving) -> None:
        _, headers, _ = self.arrived(
            serving, client="curl", headers={"Content-Type": "application/json"}, body={}
        )

        assert headers["Content-Type"] == "application/json"

    def test_a_get_carries_its_body(self, serving: Serving) -> None:
        line, headers, text = self.arrived(serving, method="GET", client="curl", body={"run_id": 1})

        assert (line.split()[0], text) == ("GET", '{"run_id": 1}')
        assert headers["Content-Type"] == FORM

    def test_a_get_without_a_body_has_no_content_type(self, serving: Serving) -> None:
        _, headers, text = self.arrived(serving, method="GET", client="curl")

        assert (headers.get("Content-Type"), headers.get("Content-Length"), text) == (None, None, "")

    def test_text_is_sent_as_it_stands(self, serving: Serving) -> None:
        assert self.arrived(serving, text='{"name": ')[2] == '{"name": '

    def test_a_request_line_may_carry_the_whole_url(self, serving: Serving) -> None:
        assert re.match(
            r"POST http://127\.0\.0\.1:\d+/x\?a=1 HTTP/1\.1", self.arrived(serving, target="absolute")[0]
        )

    def test_curl_itself_sends_the_same(self, serving: Serving, curl: Optional[str]) -> None:
        """Everything but its version."""
        if curl is None:
            pytest.skip("no curl on this machine")
        with serving(lambda *_: (200, {})) as server:
            command = [
                curl,
                "-s",
                "-X",
                "GET",
                f"{server.url}/x",
                "-H",
                "Authorization: Bearer t",
                "-d",
                '{"run_id": 1}',
            ]
            subprocess.run(command, check=True, capture_output=True)
            request = {
                "method": "GET",
                "path": "/x",
                "headers": {"Authorization": "Bearer t"},
                "client": "curl",
            }
            send(server.url, {**request, "body": {"run_id": 1}})

        theirs, ours = server.seen
        assert {**theirs[1], "User-Agent": ""} == {**ours[1], "User-Agent": ""}
        assert (theirs[0], theirs[2]) == (ours[0], ours[2])


@pytest.fixture
def curl() -> Optional[str]:
    return shutil.which("curl")
