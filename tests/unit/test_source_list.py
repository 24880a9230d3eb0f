"""Which sources a run has: one path, a list of paths with commas, or ``NUVYN_JOB_PAYLOAD``."""

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest

from contract.corpus import failure_differences
from nuvyn_executor import cli
from nuvyn_executor.discovery.formats import source_type_named
from nuvyn_executor.errors import UsageError
from nuvyn_executor.model import JobRequest, JobType, RequestedSource
from nuvyn_executor.parameters import parse_parameters
from nuvyn_executor.source_list import parse_payload, split_paths

PAYLOAD: Dict[str, Any] = {
    "workflow_id": "wf-7",
    "sources": [
        {"source_id": "s-1", "data_source_path": "/data/a", "data_source_type": "csv"},
        {"source_id": "s-2", "data_source_path": "/data/b"},
    ],
}


def nothing(_: str) -> bool:
    return False


class TestListsOfPaths:
    """A comma-separated list: split only where each part is a path form of its own."""

    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("/a,/b", ["/a", "/b"]),
            ("/a/ , /b/", ["/a/", "/b/"]),
            ("./a,../b", ["./a", "../b"]),
            ("/a,s3://bucket/x,dbfs:/mnt/y", ["/a", "s3://bucket/x", "dbfs:/mnt/y"]),
            ("/a,jdbc:sqlite:/x.db", ["/a", "jdbc:sqlite:/x.db"]),
            ("postgresql://h/db,https://a.blob.core.windows.net/c/x?sig=q,r", None),
            ("/a,b", None),
            ("/a,", None),
            (",/a", None),
            ("/a,,/b", None),
            ("/data/[a,b].csv", None),
            ("jdbc:mysql://h1:3306,h2:3306/shop", None),
            ("postgresql://h1,h2/shop", None),
            ("/plain", None),
        ],
    )
    def test_is_split_where_each_part_is_a_path(self, text: str, parts: List[str]) -> None:
        assert split_paths(text, nothing) == tuple(parts or [text])

    def test_a_path_that_exists_as_it_is_written_is_no_list(self) -> None:
        assert split_paths("/a,/b", lambda path: path == "/a,/b") == ("/a,/b",)

    def test_a_plain_path_that_exists_is_a_part(self) -> None:
        assert split_paths("data,more", lambda path: path in ("data", "more")) == ("data", "more")
        assert split_paths("data,more", lambda path: path == "data") == ("data,more",)

    def test_each_part_has_the_source_type_of_the_call(self) -> None:
        csv = source_type_named("csv")
        assert parse_parameters(["full_pipeline", " /a, /b ", "csv", "t"]) == JobRequest(
            JobType.FULL_PIPELINE,
            "/a, /b",
            csv,
            "t",
            (RequestedSource("/a", csv), RequestedSource("/b", csv)),
        )


class TestPayload:
    """`NUVYN_JOB_PAYLOAD`: `{"workflow_id", "sources": [{"source_id", "data_source_path", ...}]}`."""

    def test_names_the_sources_of_a_job_without_a_path(self) -> None:
        request = parse_parameters(["full_pipeline", "", "parquet", "t"], json.dumps(PAYLOAD))
        assert request.data_source_path == "/data/a,/data/b"
        assert request.sources == (
            RequestedSource("/data/a", source_type_named("csv"), "s-1"),
            RequestedSource("/data/b", source_type_named("parquet"), "s-2"),
        )
        assert request.notes == ("NUVYN_JOB_PAYLOAD names 2 sources for workflow wf-7",)

    def test_of_one_source_is_the_same_as_its_path(self) -> None:
        one = json.dumps({"sources": PAYLOAD["sources"][:1]})
        request = parse_parameters(["data_reading"], one)
        assert (request.data_source_path, request.source_type.value, request.sources) == (
            "/data/a",
            "csv",
            (),
        )

    def test_a_path_in_the_parameters_wins(self) -> None:
        request = parse_parameters(["data_reading", "/x"], "not even JSON")
        assert (request.data_source_path, request.sources) == ("/x", ())
        assert request.notes == ("The parameters name a path: NUVYN_JOB_PAYLOAD is not used",)

    @pytest.mark.parametrize("job_type", ["schema_validation", "api_transmission"])
    def test_a_job_without_a_source_ignores_it(self, job_type: str) -> None:
        assert parse_parameters([job_type], json.dumps(PAYLOAD)) == JobRequest(JobType(job_type))

    @pytest.mark.parametrize(
        ("payload", "named"),
        [
            ("{", "NUVYN_JOB_PAYLOAD is not JSON: "),
            ("[" * 100_000, "NUVYN_JOB_PAYLOAD is not JSON"),
            ("[]", "NUVYN_JOB_PAYLOAD must be a JSON object"),
            ("{}", "field sources must be a list with at least one source"),
            ('{"sources": []}', "field sources must be a list"),
            ('{"sources": {}}', "field sources must be a list"),
            ('{"sources": ["/hunter2"]}', "field sources[0] must be a JSON object"),
            ('{"sources": [{}]}', "field sources[0].data_source_path is missing"),
            ('{"sources": [{"data_source_path": " "}]}', "field sources[0].data_source_path must be a text"),
            ('{"sources": [{"data_source_path": 7}]}', "field sources[0].data_source_path must be a text"),
            (
                '{"sources": [{"data_source_path": "/hunter2\\udcff"}]}',
                "field sources[0].data_source_path must be a text of Unicode",
            ),
            (
                '{"sources": [{"data_source_path": "/hunter2", "source_id": 1}]}',
                "field sources[0].source_id must be a text",
            ),
            (
                '{"sources": [{"data_source_path": "/hunter2", "data_source_type": "hunter2"}]}',
                "field sources[0].data_source_type must be one of auto, ",
            ),
            (
                '{"sources": [{"data_source_path": "/hunter2"}, {"data_source_pth": "/hunter2"}]}',
                "field sources[1].data_source_pth is not known",
            ),
            ('{"workflow_id": 7, "sources": []}', "field workflow_id must be a text"),
            ('{"sources": [], "?sig=hunter2": 1}', "field ... is not known"),
        ],
    )
    def test_what_is_wrong_is_named_and_no_value_is_shown(self, payload: str, named: str) -> None:
        with pytest.raises(UsageError) as raised:
            parse_payload(payload)
        assert named in raised.value.message
        assert raised.value.message.endswith(".")
        assert '"data_source_path"' in raised.value.remedy
        assert raised.value.exit_code == 2
        assert "hunter2" not in str(raised.value)

    def test_a_wrong_payload_ends_the_command_with_2(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NUVYN_JOB_PAYLOAD", '{"sources": [{"source_id": "s-1"}]}')
        assert cli.main(["metadata_extraction"]) == 2
        captured = capsys.readouterr()
        document = json.loads(captured.out)
        assert failure_differences(document) == []
        assert "sources[0].data_source_path is missing" in document["error"]["message"]
        assert document["error"]["message"] in captured.err
