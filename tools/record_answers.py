"""Write down what a right server answers to each case: what the mutation test of the contract replays.

``python tools/record_answers.py tests/contract/recorded_answers.json`` plays the corpus against the local
Databricks without Spark. The executor itself needs Spark, so a program of a few lines stands in for it, which
prints what the guide prints. Do this again when a case is added or changed;
``tests/contract/test_mutations.py`` notices that it is missing.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any, Mapping

from contract import corpus
from contract.exchange import Answer, send
from contract.verify import Player, in_order
from fake_databricks.server import FakeDatabricks, Options

TOKEN = "dapi-of-the-recording"  # noqa: S105  of a server that is gone when the file is there
PLACES = ("/path/to/executor/main.py", "/executor/main.py")
STAND_IN = """
import os, sys
job_type, *rest = sys.argv[1:]
if job_type == "schema_validation":
    for words in ("Schema validation successful", "All tables validated", "Schema ready for use"):
        print("12:34:56 - nuvyn_executor.schema.validator - INFO - \\u2139\\ufe0f \\u2705 " + words)
    dbutils.notebook.exit("Schema validation completed successfully")
path = rest[0] if rest else ""
if "no-such" in path:
    print("There is no " + path)
    sys.exit(1)
print('{"source_path": "' + path + '", "source_type": "csv", "files_found": 1, "tables": 1}')
"""


class Recorder:
    """Sends requests and writes down the answers, by case."""

    def __init__(self) -> None:
        self.answers: dict[str, list[dict[str, Any]]] = {}
        self.case_id = ""

    def send(self, url: str, request: Mapping[str, Any]) -> Answer:
        """Send a request, and note its answer for the case that is played."""
        if request["path"].endswith("/jobs/run-now"):  # an installation puts the executor's own file there
            contents = base64.b64encode(STAND_IN.encode()).decode()
            for path in PLACES:
                body = {"path": path, "contents": contents, "overwrite": True}
                send(url, {**request, "path": "/api/2.0/dbfs/put", "body": body})
        answer = send(url, request)
        kept = {
            "status": answer.status,
            "content_type": answer.headers.get("content-type", ""),
            "body": answer.body,
        }
        answers = self.answers.setdefault(self.case_id, [])
        if kept not in answers:  # of a run that goes on for a while, each state once
            answers.append(kept)
        return answer


def main(place: Path) -> int:
    """Play and write the file; return 1 when the server was not right."""
    recorder = Recorder()
    wrong: list[str] = []
    with FakeDatabricks(Options(port=0, has_spark=False)) as fake:
        given = {"token": TOKEN, "cluster_id": fake.cluster_id, "refused_token": "refused"}
        player = Player(fake.url, {**corpus.default_variables(), **given}, recorder.send)
        for case in in_order(corpus.cases()):
            recorder.case_id = case["id"]
            verdict = player.play(case)
            wrong.extend(f"{case['id']}: {difference}\n" for difference in verdict.differences)
    sys.stderr.writelines(wrong)
    lines = (f"{json.dumps(key)}: {json.dumps(recorder.answers[key])}" for key in recorder.answers)
    place.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
