"""Takes the pictures of the pages of the local Databricks: ``docs/images``. Their times always differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fake_databricks.server import FakeDatabricks, Options
from tests.browser.browsing import opened
from tests.fake.conftest import Client

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

PICTURES = (("fake-run", 1280, 1180, "light"), ("fake-run-phone", 390, 844, "dark"))
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
