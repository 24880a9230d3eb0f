from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from fake_databricks.web.parity import PARITY, replace_table
from fake_databricks.web.routes import CONTROL, ROUTES
from tests.fake.witnesses import WITNESSES

if TYPE_CHECKING:
    from tests.fake.conftest import Client

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "fake.md"


def names_in(file: Path) -> set[str]:
    found = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{file.name}::{node.name}::{item.name}"
                for item in node.body
                if isinstance(item, ast.FunctionDef)
            }
    return found


class TestParityTable:
    """a parity table (call, honoured fields, refused fields, witness test) made from data"""

    def test_has_a_row_for_every_call_and_no_other(self) -> None:
        assert set(PARITY) == {(route.method, route.path) for route in (*ROUTES, *CONTROL)}

    def test_has_a_witness_for_every_row(self) -> None:
        witnessed = sorted(call for calls in WITNESSES.values() for call in calls)
        assert witnessed == sorted(f"{method} {path}" for method, path in PARITY)

    def test_has_only_witnesses_that_exist(self) -> None:
        existing = {name for file in HERE.glob("test_*.py") for name in names_in(file)}
        assert set(WITNESSES) - existing == set()

    def test_stands_in_the_page_as_it_is(self) -> None:
        text = PAGE.read_text("utf-8")
        assert replace_table(text) == text, "run python -m fake_databricks.web.parity docs/fake.md"


class TestTheRest:
    """Secrets: scopes, put, get, list, delete, ACLs."""

    def test_a_scope(self, client: Client) -> None:
        client.post("/api/2.0/secrets/scopes/create", scope="s")
        client.post("/api/2.0/secrets/put", scope="s", key="k", bytes_value="dg==")
        assert client.get("/api/2.0/secrets/list?scope=s")["secrets"][0]["key"] == "k"
        client.post("/api/2.0/secrets/delete", scope="s", key="k")
        assert client.get("/api/2.0/secrets/list?scope=s") == {}
        client.post("/api/2.0/secrets/scopes/delete", scope="s")
        assert client.get("/api/2.0/secrets/scopes/list") == {}
