"""Random histories of extractions and transmissions, on the memory store and a platform that merges rows."""

from __future__ import annotations

import json
import os
import random
from typing import Any, Dict, Set

import pytest

from nuvyn_executor.bootstrap import now
from nuvyn_executor.config import ConfigManager
from nuvyn_executor.errors import MissingBase, TransmissionError, TransmissionUnavailable
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.schema.validator import SchemaValidator
from nuvyn_executor.store.memory import MemoryMetadataStore
from nuvyn_executor.transport.api_client import Confirmation
from nuvyn_executor.transport.transmitter import Transmitter

HISTORIES = min(600, int(os.environ.get("DELIVERY_HISTORIES", "600")))
IDS = {"source_id": "s", "tenant_id": "t"}
KEYS = {table.name: table.key for table in (SOURCES, TABLES, COLUMNS)}


class Killed(BaseException):
    """The run ends here, as by kill -9."""


class Platform:
    """Merges rows by their ids, the one of the highest version; may lose all of it."""

    def __init__(self) -> None:
        self.rows: Dict[Any, Any] = {}
        self._keys: Set[str] = set()
        self._versions: Dict[str, int] = {}
        self._missing: Dict[str, Set[int]] = {}

    def take(self, body: Any, key: str) -> None:
        """Store a body once."""
        job, page = body["job_id"], body.get("page", {"number": 1, "of": 1})
        for row in body["metadata"]["sources"]:
            self._versions[job] = row["metadata_version"]
            if row["base_version"] is not None and not self._has(row["base_version"]):
                raise MissingBase("It is lost.", source_ids=("s",))
        if page["number"] == 1:
            self._missing[job] = set(range(1, page["of"] + 1))
        self._missing.get(job, set()).discard(page["number"])
        if key in self._keys:
            return
        self._keys.add(key)
        version = self._versions[job]
        for section, row_id in KEYS.items():
            for row in body["metadata"][section]:
                if self.rows.get((section, row[row_id]), (0, None))[0] <= version:
                    self.rows[section, row[row_id]] = version, row

    def lose_all(self) -> None:
        """Lose what came, and the keys."""
        self.rows.clear()
        self._keys.clear()
        self._missing.clear()

    def _has(self, version: int) -> bool:
        """Whether that version has come, or a later one, with all pages of its job."""
        return any(self._versions[job] >= version for job, missing in self._missing.items() if not missing)


class History:
    """One history: what happens is chosen by a seed. Runs may begin while another one sends."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  the same history for the same seed
        self.store = MemoryMetadataStore()
        self.platform = Platform()
        self.is_calm = False
        self._depth = self._jobs = 0
        SchemaValidator(self.store).validate()
        self.extract()

    def extract(self) -> None:
        """Change some tables, perhaps back to what they were, and raise the version of their source."""
        for table in ("a", "b", "c"):
            if self.store.rows(TABLES, {"table_id": table}) and self.random.random() < 0.4:
                continue
            row = {**IDS, "table_id": table, "row_count": self.random.randint(1, 2), "last_refreshed": now()}
            self.store.upsert(TABLES, [row])
            columns = [
                {
                    **IDS,
                    "table_id": table,
                    "column_id": f"{table}{n}",
                    "null_count": self.random.randint(0, 1),
                }
                for n in range(2)
            ]
            self.store.upsert(COLUMNS, columns)
        self.store.upsert(SOURCES, [IDS], increment="metadata_version")

    def transmit(self) -> None:
        """Run a transmission; it may fail or be killed."""
        self._jobs += 1
        environ = {
            "NUVYN_API_ENDPOINT": "https://p",
            "NUVYN_API_KEY": "k",
            "EXECUTOR_MAX_PAYLOAD_MB": self.random.choice(["5", "0.002"]),
            "EXECUTOR_FULL_TRANSMISSION": "true" if self.random.random() < 0.05 else "false",
        }
        try:
            Transmitter(self.store, self, ConfigManager(environ).load(), now).transmit(f"j{self._jobs}", None)
        except (Killed, TransmissionError):
            assert not self.is_calm

    def send(self, body: Any, idempotency_key: str) -> Confirmation:
        """Take a body; before and after it anything may happen."""
        self._trouble()
        self.platform.take(json.loads(body), idempotency_key)
        self._trouble()
        return Confirmation(200, {"status": "received", "record_count": 1})

    def step(self) -> None:
        """Extract or transmit."""
        self.random.choice([self.extract, self.transmit])()

    def _trouble(self) -> None:
        what = 1.0 if self.is_calm else self.random.random()
        if what < 0.08:
            raise Killed
        if what < 0.16:
            raise TransmissionUnavailable("No answer.")
        if what < 0.19:
            self.platform.lose_all()
        elif what < 0.4 and self._depth < 2:
            self._depth += 1
            for _ in range(self.random.randint(1, 3)):
                self.step()
            self._depth -= 1


def figures(history: History) -> Dict[Any, Any]:
    """Return the counts that the tables hold, by section and key."""
    tables = {("tables", row["table_id"]): row["row_count"] for row in history.store.rows(TABLES)}
    columns = {("columns", row["column_id"]): row["null_count"] for row in history.store.rows(COLUMNS)}
    return {**tables, **columns}


@pytest.mark.parametrize("part", range(4))
def test_in_the_end_both_sides_are_equal(part: int) -> None:
    """Issue: "kills ..., answers lost, ..., two runs at once: in the end both sides are equal"."""
    for seed in range(part, HISTORIES, 4):
        history = History(seed)
        for _ in range(history.random.randint(2, 8)):
            history.step()
        history.is_calm = True
        history.extract()
        for _ in range(2):
            history.transmit()
        names = {"tables": "row_count", "columns": "null_count"}
        there = {
            key: row[names[key[0]]] for key, (_, row) in history.platform.rows.items() if key[0] in names
        }
        assert there == figures(history), seed
        (source,) = history.store.rows(SOURCES)
        assert source["transmitted_version"] == source["metadata_version"], seed
