"""Takes the pictures of the pages of the local Databricks and of the receiver. Their times always differ."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from contract.receiver import Receiver
from fake_databricks.server import FakeDatabricks, Options
from nuvyn_executor.schema.tables import COLUMNS, SOURCES, TABLES
from nuvyn_executor.transport.payload import QualitySummary, RowCleaner
from nuvyn_executor.wire import sent_source, transmission_body
from tests.browser.browsing import opened
from tests.contract.platform_bodies import post
from tests.example_report import example_rows
from tests.fake.conftest import Client

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

PICTURES = (("fake-run", 1280, 1180, "light"), ("fake-run-phone", 390, 844, "dark"))
PLATFORM_PICTURES = (
    # name, width, height, scheme, and how many links are followed from the tenant
    ("platform", 1280, 860, "light", 0),
    ("platform-source", 1280, 900, "dark", 1),
    ("platform-phone", 390, 844, "dark", 2),
)
VERSIONS = 5
EXTRACT = "import time; print('Discovered 3 files'); time.sleep(0.6); print('Extracted 3 tables, 41 columns')"
ASSESS = "import time; print('Scoring 3 tables'); time.sleep(0.4); print('Overall score 87.4')"
SEND = "import time; time.sleep(0.2); raise ConnectionError('The platform does not answer: https://platform.example')"
TASKS = (
    {
        "task_key": "extract",
        "source": EXTRACT,
        "parameters": ["metadata_extraction", "/mnt/client-data/", "csv"],
    },
    {"task_key": "assess", "source": ASSESS, "depends_on": [{"task_key": "extract"}]},
    {
        "task_key": "validate",
        "source": "print('No schema has changed')",
        "depends_on": [{"task_key": "extract"}],
    },
    {"task_key": "send", "source": SEND, "depends_on": [{"task_key": "assess"}], "max_retries": 1},
    {
        "task_key": "clean_up",
        "source": "print('done')",
        "depends_on": [{"task_key": "send"}, {"task_key": "validate"}],
        "run_if": "ALL_DONE",
    },
)


def take_platform(browser: Browser, folder: Path) -> list[str]:
    """Take the pictures of the receiver; return their names."""
    with Receiver("key") as receiver:
        for version in range(1, VERSIONS + 1):
            post(receiver.url, "key", _body(version))
        for name, width, height, scheme, depth in PLATFORM_PICTURES:
            with opened(browser, f"{receiver.url}/?key=key", width=width, scheme=scheme) as seen:
                seen.page.set_viewport_size({"width": width, "height": height})
                for start in ("/tenant", "/source", "/table")[: depth + 1]:
                    seen.follow(seen.page.locator(f"tbody a[href^='{start}?']").first)
                seen.page.screenshot(path=folder / f"{name}.png")
    return [name for name, *_ in PLATFORM_PICTURES]


def _body(version: int) -> dict[str, Any]:
    """Return what the executor sends of the shop of the example report."""
    clean, stored, summary = RowCleaner(), example_rows(), QualitySummary()
    source = {**stored.sources[0], "metadata_version": version}
    behind = 2.1 * (VERSIONS - version)
    counts = Counter(row["table_id"] for row in stored.columns)
    tables = [
        {
            **row,
            "overall_score": round(row["overall_score"] - behind, 2),
            "column_count": counts[row["table_id"]],
        }
        for row in stored.tables
    ]
    for row in tables:
        summary.add(row)
    metadata = {
        "sources": [sent_source(clean.row(SOURCES, source), None if version == 1 else version - 1)],
        "tables": [clean.row(TABLES, row) for row in tables],
        "columns": [clean.row(COLUMNS, row) for row in stored.columns],
    }
    return transmission_body(f"job_{version:012x}", source["tenant_id"], metadata, summary.scores())


def take_pages(browser: Browser, folder: Path) -> list[str]:
    """Take all pictures; return their names."""
    with FakeDatabricks(Options(port=0, has_spark=False)) as fake:
        client = Client(fake.url, fake.token, fake.cluster_id)
        run = client.run(client.tasks_job(*TASKS, name="Nuvyn-Metadata-Extraction-client-abc-123"))
        for name, width, height, scheme in PICTURES:
            with opened(browser, f"{fake.url}/?token={fake.token}", width=width, scheme=scheme) as seen:
                seen.page.set_viewport_size({"width": width, "height": height})
                seen.page.goto(f"{fake.url}/jobs/{run['job_id']}/runs/{run['run_id']}")
                seen.page.screenshot(path=folder / f"{name}.png")
    return [name for name, *_ in PICTURES]
