"""The guide's two programs as a person starts them, against a client's workspace."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Mapping

from tests.fake.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fake.conftest import Client

SCRIPT = ROOT / "examples" / "onboard_client.sh"
# The script waits 30 s for its installation and 10 s for a run: here each pause ends when they have.
PATIENT_SLEEP = """#!/bin/bash
ask() {
  curl -s "$DATABRICKS_HOST$1" -H "Authorization: Bearer $DATABRICKS_TOKEN"
}
installed() {
  id=$(ask "/_fake/journal?path=commands/execute" | jq -r '.entries[-1].response.id')
  ask "/api/2.0/commands/status?clusterId=$DATABRICKS_CLUSTER_ID&commandId=$id" \\
    | jq -e '.status | IN("Finished", "Error", "Cancelled")' >/dev/null
}
active() {
  ask "/api/2.1/jobs/runs/list?active_only=true" | grep -q run_id
}
case $1 in
  30) until installed; do /bin/sleep 0.2; done ;;
  *) /bin/sleep 0.2; while active; do /bin/sleep 0.2; done ;;
esac
"""


def variables(client: Client) -> dict[str, str]:
    """Return the variables that lead both programs to a workspace."""
    return {
        **os.environ,
        "DATABRICKS_HOST": client.url,
        "DATABRICKS_TOKEN": client.token,
        "DATABRICKS_CLUSTER_ID": client.cluster_id,
    }


def run_script(environment: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the script, whose pauses end when there is nothing more to wait for."""
    sleep = folder / "sleep"
    sleep.write_text(PATIENT_SLEEP)
    sleep.chmod(0o755)
    return subprocess.run(
        ["/bin/bash", str(SCRIPT)],
        env={**environment, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
