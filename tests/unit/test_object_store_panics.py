"""Requests that the library cannot make: it panics, which is no `Exception`, and ended the program."""

from __future__ import annotations

import pytest

from nuvyn_executor.errors import SourceError
from nuvyn_executor.sources.object_store import storage_at
from nuvyn_executor.sources.store_address import parse_store_address

pytest.importorskip("obstore")
KEYS = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}


class TestPanics:
    """stdout carries one JSON document in every case: a panic left none."""

    @pytest.mark.parametrize(
        ("path", "more"),
        [
            ("s3://a b/x", {}),
            ("s3://b/x", {"AWS_SESSION_TOKEN": "two\nlines"}),
            ("s3://b/x", {"AWS_REGION": "eu central", "AWS_ENDPOINT_URL": ""}),
        ],
    )
    def test_are_errors_with_a_remedy(self, path: str, more: dict[str, str]) -> None:
        address = parse_store_address(path)
        assert address is not None
        storage = storage_at(address, {**KEYS, **more}, 0.0)
        for ask in (
            lambda: storage.find("x"),
            lambda: list(storage.list("x")),
            lambda: storage.read(f"{address.root}x", 0, 10),
        ):
            with pytest.raises(SourceError, match="no request can be made of its name and settings"):
                ask()
