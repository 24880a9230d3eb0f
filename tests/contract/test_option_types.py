"""Options that cannot be meant: one sentence with the option's name, and exit code 2; nothing is asked."""

from __future__ import annotations

from typing import List

import pytest

from contract.__main__ import main
from contract.option_types import server_url

URL = "http://127.0.0.1:9"
PLATFORM = ["verify-platform", "--url", URL, "--key", "k"]
SERVER = ["verify", "--url", URL, "--token", "t"]
NO_URLS = (
    "localhost:9",
    "127.0.0.1",
    "ftp://host",
    "file:///etc/passwd",
    "http://",
    "http://[::1",
    "http://a b",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:abc",
    "http://127.0.0.1:0",
    "http://\udcff",
    " http://127.0.0.1:9",
    "http://a..b",
    "http://127.0.0.1/\u00e9",
)


def said(capsys: pytest.CaptureFixture[str], words: List[str]) -> str:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    found = capsys.readouterr()
    assert not found.out
    return found.err.splitlines()[-1]


class TestOptions:
    @pytest.mark.parametrize("url", NO_URLS)
    @pytest.mark.parametrize("command", [PLATFORM, SERVER], ids=lambda one: one[0])
    def test_a_url_without_scheme_host_or_port(
        self, capsys: pytest.CaptureFixture[str], command: List[str], url: str
    ) -> None:
        assert "argument --url: " in said(capsys, [*command, "--url", url])

    @pytest.mark.parametrize(
        "url", ["http://b\u00fccher.example/x", "https://[::1]:1", "HTTP://user:pw@host"]
    )
    def test_a_url_with_all_of_them(self, url: str) -> None:
        assert server_url(url) == url

    @pytest.mark.parametrize(
        "words",
        [
            [*PLATFORM, "--key", "very\nsecret"],
            [*PLATFORM, "--other-key", "very\u2603secret"],
            [*SERVER, "--token", "very\u2603secret"],
            [*SERVER, "--refused-token", "very\0secret"],
        ],
        ids=lambda words: words[-2],
    )
    def test_a_key_that_no_header_can_have_is_not_shown(
        self, capsys: pytest.CaptureFixture[str], words: List[str]
    ) -> None:
        sentence = said(capsys, words)

        assert f"argument {words[-2]}: " in sentence
        assert "secret" not in sentence

    @pytest.mark.parametrize("number", ["-1", "0", "nan", "inf", "1e20", "", "soon"])
    @pytest.mark.parametrize(
        "words",
        [
            [*PLATFORM, "--timeout"],
            [*PLATFORM, "--slow-seconds"],
            [*SERVER, "--at-most"],
            ["verify-executor", "--timeout"],
        ],
        ids="-".join,
    )
    def test_seconds_that_nobody_can_wait(
        self, capsys: pytest.CaptureFixture[str], words: List[str], number: str
    ) -> None:
        assert f"argument {words[-1]}: '{number}' is no number of seconds" in said(
            capsys, [*words[:-1], f"{words[-1]}={number}"]
        )

    @pytest.mark.parametrize("number", ["-1", "0", "1.5", "many"])
    def test_a_table_of_no_columns(self, capsys: pytest.CaptureFixture[str], number: str) -> None:
        sentence = said(capsys, [*PLATFORM, f"--columns={number}"])
        assert f"argument --columns: '{number}' is no whole number from 1" in sentence
