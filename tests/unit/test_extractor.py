"""From a folder to rows: what is found, what is gone, what could not be read. On tables in memory."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from contract.corpus import failure_differences, result_differences
from nuvyn_executor.model import FileEntry, JobRequest, Listing, RunStatus
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, LOGS, SOURCES, TABLES
from nuvyn_executor.sources.filesystem import FileSystemSource
from tests.installation import DAMAGE, Installation, LineScanner, memory_installation, tables

JOBS_WITH_SOURCE = ["metadata_extraction", "data_reading", "quality_assessment"]


class TestAFullPipeline:
    def test_scans_each_dataset_once(self, folder: Path) -> None:
        """Issue: "`full_pipeline` scans each dataset once"."""
        scanned = []

        class Counting(LineScanner):
            def scan(self, source: Any, dataset: Any, *more: Any) -> Any:
                scanned.append(dataset.name)
                return super().scan(source, dataset, *more)

        assert memory_installation(Counting()).run("full_pipeline", folder).exit_code == 0
        assert sorted(scanned) == ["a", "b", "c"]


class TestDetails:
    def test_each_key_that_is_written_has_its_row_in_the_schema(
        self, site: Installation, folder: Path
    ) -> None:
        site.run("metadata_extraction", folder)
        for table in (SOURCES, TABLES, COLUMNS):
            for column in table.columns:
                keys = [key.name for key in column.keys]
                for row in site.rows(table) if keys else ():
                    assert list(json.loads(row[column.name])) == keys


class TestWhatCannotBeRead:
    """A corrupt or unreadable file is reported by name and does not stop the others (`Partial`)."""

    @pytest.mark.parametrize("job_type", ["metadata_extraction", "quality_assessment"])
    def test_a_damaged_file_among_good_ones_is_named(
        self, site: Installation, folder: Path, job_type: str
    ) -> None:
        (folder / "b.csv").write_text(f"id,word\n1,{DAMAGE}\n")
        run = site.run(job_type, folder)
        assert run.exit_code == 0
        assert result_differences(job_type, run.document) == []
        assert run.details["unreadable"] == [
            {"name": "b.csv", "reason": "b could not be read: it is damaged.", "remedy": "Upload it again."}
        ]
        (row,) = site.rows(EXECUTOR_RUNS)
        assert (row["status"], row["finished_at"] is None) == ("Partial", False)
        assert "b could not be read" in row["error_message"]
        assert "WARNING - ⚠️ Could not read b.csv: " in run.log

    def test_a_damaged_part_is_left_out_of_its_table(self, site: Installation, folder: Path) -> None:
        (folder / "sales").mkdir()
        for number, word in enumerate(("one", DAMAGE, "three")):
            (folder / "sales" / f"part-0000{number}.csv").write_text(f"id,word\n{number},{word}\n")
        run = site.run("metadata_extraction", folder)
        assert run.status is RunStatus.PARTIAL
        assert run.names("unreadable") == ["sales/part-00001.csv"]
        assert (tables(site)["sales"]["row_count"], tables(site)["sales"]["file_count"]) == (2, 2)

    def test_when_nothing_could_be_read_the_job_fails(self, site: Installation, folder: Path) -> None:
        for path in folder.iterdir():
            path.write_text(f"id,word\n1,{DAMAGE}\n")
        run = site.run("metadata_extraction", folder)
        assert run.exit_code == 1
        assert failure_differences(run.document) == []
        assert run.error["message"].startswith(f"None of the 3 datasets at {folder} could be read")
        (row,) = site.rows(EXECUTOR_RUNS)
        assert (row["status"], row["error_message"]) == ("Failed", run.error["message"])
        assert site.rows(TABLES) == []

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_a_file_that_vanishes_after_it_was_listed_is_named(self, folder: Path, job_type: str) -> None:
        site = memory_installation(LineScanner(), open_source=_open_vanishing)
        run = site.run(job_type, folder)
        assert run.status is RunStatus.PARTIAL
        assert run.names("unreadable") == ["b.csv"]
        assert "vanished" in run.details["unreadable"][0]["reason"]

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_a_file_that_vanishes_before_it_is_scanned_is_named(self, folder: Path, job_type: str) -> None:
        site = memory_installation(LineScanner(), open_source=_open_fading)
        run = site.run(job_type, folder)
        assert (run.status, len(run.details["unreadable"])) == (RunStatus.PARTIAL, 1)
        assert "vanished" in run.details["unreadable"][0]["reason"]

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_a_truncated_listing_says_so(self, site: Installation, folder: Path, job_type: str) -> None:
        run = site.run(job_type, folder, EXECUTOR_MAX_FILES_PER_JOB="2")
        assert run.exit_code == 0
        assert (run.details["truncated"], run.document.get("files_found", 2)) == (True, 2)
        assert "More than 2 files" in run.log


class TestOneFile:
    def test_that_cannot_be_read_is_not_called_none_of_the_1_files(
        self, site: Installation, tmp_path: Path
    ) -> None:
        (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7\n\x00")
        run = site.run("metadata_extraction", tmp_path)
        assert run.error["message"] == (
            f"The one file at {tmp_path} cannot be read as auto: x.pdf: is a PDF document."
        )

    def test_that_is_damaged_is_not_called_none_of_the_1_datasets(
        self, site: Installation, tmp_path: Path
    ) -> None:
        (tmp_path / "x.csv").write_text(f"id,word\n1,{DAMAGE}\n")
        run = site.run("metadata_extraction", tmp_path)
        assert run.error["message"].startswith(f"The one dataset at {tmp_path} could not be read: x.csv: x ")


class TestSourcesThatCannotBeUsed:
    """Each gets one clear sentence that names the thing and the remedy."""

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_a_path_that_does_not_exist(self, site: Installation, tmp_path: Path, job_type: str) -> None:
        run = site.run(job_type, tmp_path / "nothing")
        assert (run.exit_code, run.error["type"]) == (1, "SourceNotFound")
        assert run.error["message"] == f"Nothing lies at {tmp_path}/nothing."
        assert run.error["remedy"] == "Check the path."
        assert failure_differences(run.document) == []
        assert f"ERROR - ❌ {run.error['message']}" in run.log

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_an_empty_folder(self, site: Installation, tmp_path: Path, job_type: str) -> None:
        (tmp_path / ".hidden.csv").write_text("id\n1\n")
        (tmp_path / "_aside.csv").write_text("id\n1\n")
        run = site.run(job_type, tmp_path)
        assert (run.exit_code, run.error["message"]) == (1, f"There are no files at {tmp_path}.")
        assert "hidden files" in run.error["remedy"]

    @pytest.mark.parametrize("job_type", JOBS_WITH_SOURCE)
    def test_a_folder_of_unknown_formats(self, site: Installation, tmp_path: Path, job_type: str) -> None:
        (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 ...")
        (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n....")
        run = site.run(job_type, tmp_path)
        assert run.exit_code == 1
        assert run.error["message"].startswith(f"None of the 2 files at {tmp_path} can be read as auto")
        assert "a.pdf: is a PDF document" in run.error["message"]
        assert run.error["remedy"]

    def test_a_wrong_explicit_type_says_so(self, site: Installation, folder: Path) -> None:
        run = site.run("metadata_extraction", folder, "parquet")
        assert run.exit_code == 1
        assert "a.csv: is csv, not parquet" in run.error["message"]
        assert run.error["remedy"] == "Name source type csv or auto."

    def test_a_scheme_that_is_not_read_is_named_without_its_secret(self, site: Installation) -> None:
        run = site.run("metadata_extraction", "https://user:geheim99@example.com/x.csv?sig=a1b2c3d4e5")
        assert run.exit_code == 1
        assert "https" in run.error["message"]
        shown = str([run, *site.rows(EXECUTOR_RUNS)])
        assert "geheim99" not in shown
        assert "a1b2c3d4e5" not in shown

    def test_a_full_pipeline_names_the_step_that_failed_and_skips_what_depends_on_it(
        self, site: Installation, tmp_path: Path
    ) -> None:
        run = site.run("full_pipeline", tmp_path / "nothing")
        assert run.exit_code == 1
        assert result_differences("full_pipeline", run.document) == []
        statuses = {name: step.get("status") for name, step in run.document.items()}
        assert statuses == {
            "schema_validation": "valid",
            "metadata_extraction": "failed",
            "data_reading": "failed",
            "quality_assessment": "skipped",
            "api_transmission": "skipped",
            "details": None,
        }
        assert run.document["metadata_extraction"]["error"]["type"] == "SourceNotFound"
        (row,) = site.rows(EXECUTOR_RUNS)
        assert (row["status"], row["error_message"]) == ("Failed", f"Nothing lies at {tmp_path}/nothing.")


class TestPreviews:
    """First 2 KB of each file, cut at a character; number of files previewed bounded, the rest counted."""

    def test_a_preview_is_cut_at_a_character(self, site: Installation, tmp_path: Path) -> None:
        text = "id,word\n" + "".join(f"{n},größe-日本-🚀\n" for n in range(400))
        (tmp_path / "a.csv").write_text(text, encoding="utf-8")
        run = site.run("data_reading", tmp_path)
        assert result_differences("data_reading", run.document) == []
        sample = run.document["sample_data"]["a.csv"]
        assert sample["size"] == len(text.encode())
        assert text.startswith(sample["preview"])
        assert 2048 - 4 < len(sample["preview"].encode()) <= 2048

    def test_the_number_of_previews_is_bounded_and_the_rest_counted(
        self, site: Installation, folder: Path
    ) -> None:
        run = site.run("data_reading", folder, EXECUTOR_MAX_PREVIEW_FILES="2")
        assert list(run.document["sample_data"]) == ["a.csv", "b.csv"]
        assert run.document["files_found"] == 3
        assert (run.details["files_previewed"], run.details["files_not_previewed"]) == (2, 1)

    def test_other_encodings_are_shown_as_text(self, site: Installation, tmp_path: Path) -> None:
        (tmp_path / "latin.csv").write_bytes("name;city\nJürgen;Köln\nZoë;Orléans\n".encode("latin-1"))
        (tmp_path / "wide.csv").write_bytes("name,city\nJürgen,Köln\n".encode("utf-16"))
        run = site.run("data_reading", tmp_path)
        assert {name: one["preview"] for name, one in run.document["sample_data"].items()} == {
            "latin.csv": "name;city\nJürgen;Köln\nZoë;Orléans\n",
            "wide.csv": "name,city\nJürgen,Köln\n",
        }

    def test_each_part_of_a_table_is_shown_in_its_own_encoding(
        self, site: Installation, tmp_path: Path
    ) -> None:
        """Part files were decoded as the first of their table is written."""
        text = "id,n\u00e4me\n1,J\u00fcrgen\n"
        encodings = ("utf-8", "utf-16", "iso-8859-1")
        for number, encoding in enumerate(encodings):
            (tmp_path / f"part-{number}.csv").write_bytes(text.encode(encoding))
        run = site.run("data_reading", tmp_path)
        assert [one["preview"] for one in run.document["sample_data"].values()] == [text] * 3

    def test_nothing_is_stored_by_reading(self, site: Installation, folder: Path) -> None:
        site.run("data_reading", folder)
        assert site.rows(SOURCES) == site.rows(TABLES) == site.rows(COLUMNS) == []


class TestNamesInTheLog:
    """The guide: a log line is `HH:MM:SS - logger - LEVEL - sign message`, one line each."""

    def test_a_line_feed_in_the_name_of_a_file_makes_no_line_of_its_own(
        self, site: Installation, tmp_path: Path
    ) -> None:
        """A file could write lines of its own into the log, and control the terminal that shows it."""
        forged = "x\n08:45:25 - nuvyn_executor.jobs - ERROR - it failed\x1b[31m\u202e.csv"
        for name in (forged, "a\nb.csv"):
            (tmp_path / name).write_text("id,word\n1,a\n")
        run = site.run("metadata_extraction", tmp_path)
        assert all(
            re.match(r"\d\d:\d\d:\d\d - nuvyn_executor\S* - [A-Z]+ - ", line) for line in run.log.splitlines()
        )
        assert "x\\n08:45:25 - " in run.log
        for text in (run.log, *(row["log_message"] for row in site.rows(LOGS))):
            assert not {"\x1b", "\u202e"} & set(text)
        assert not any("\n" in row["log_message"] for row in site.rows(LOGS))
        assert [row["table_name"] for row in site.rows(TABLES)] == ["a\nb"]


class TestAnEmptySource:
    """An empty source is `Unknown` with nulls, never 100 and never 0."""

    def test_headers_alone_are_unknown(self, site: Installation, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("id,word\n")
        run = site.run("quality_assessment", tmp_path)
        assert run.exit_code == 0
        assert result_differences("quality_assessment", run.document) == []
        assert run.document["quality_level"] == "Unknown"
        assert run.document["overall_score"] is None
        assert set(run.document["quality_metrics"].values()) == {None}
        (row,) = site.rows(TABLES)
        assert (row["row_count"], row["quality_level"], row["overall_score"]) == (0, "Unknown", None)


class TestSecretsInNames:
    """Secrets never reach a table: a file may be called after the URL that it was fetched from."""

    def test_a_token_in_a_file_name_is_masked_in_every_table(
        self, site: Installation, tmp_path: Path
    ) -> None:
        (tmp_path / "export.csv?sv=2024&sig=Zm9vYmFyYmF6").write_text("id,word\n1,one\n")
        for _ in range(2):
            run = site.run("full_pipeline", tmp_path)
            assert run.exit_code == 0
        stored = [row for table in (SOURCES, TABLES, COLUMNS, EXECUTOR_RUNS) for row in site.rows(table)]
        assert "Zm9vYmFyYmF6" not in str([*stored, run])
        assert len(site.rows(TABLES)) == 1

    def test_a_token_in_the_path_is_masked_in_every_table(self, site: Installation, tmp_path: Path) -> None:
        folder = tmp_path / "in?sig=Zm9vYmFyYmF6"
        folder.mkdir()
        (folder / "a.csv").write_text("id,word\n1,one\n")
        run = site.run("full_pipeline", folder)
        assert run.exit_code == 0
        stored = [row for table in (SOURCES, TABLES, COLUMNS, EXECUTOR_RUNS) for row in site.rows(table)]
        assert "Zm9vYmFyYmF6" not in str([*stored, run])

    def test_a_secret_where_a_sample_is_cut_is_masked_whole(self, site: Installation, tmp_path: Path) -> None:
        secret = "topsecret-" + "7" * 20
        (tmp_path / "a.csv").write_text(f"word\n{'x' * 245} {secret} {'y' * 300}\n")
        site.run("metadata_extraction", tmp_path, NUVYN_API_KEY=secret)
        (column,) = site.rows(COLUMNS)
        assert "topsecret" not in column["sample_value"]
        assert len(column["sample_value"]) == 256

    def test_a_mask_does_not_reach_from_one_text_of_the_details_into_the_next(
        self, site: Installation, tmp_path: Path
    ) -> None:
        """A quote behind `pwd=` was closed by one of another text, and what lay between was lost."""
        folder = tmp_path / "in" / "it's" / "pwd%3D'a=1"
        folder.mkdir(parents=True)
        (folder / "x.csv").write_text("id,word\n")
        site.run("metadata_extraction", tmp_path / "in")
        (row,) = site.rows(TABLES)
        details = json.loads(row["details"])
        assert details["partition_columns"] == ["pwd=[REDACTED]"]
        assert details["recommendations"] == [
            "it's: no rows to assess - check that it is complete, or load data first"
        ]


class _Vanishing(FileSystemSource):
    """A folder in which ``b.csv`` is deleted as soon as it was listed."""

    def survey(self, limit: int) -> Listing:
        listing = super().survey(limit)
        Path(listing.root, "b.csv").unlink()
        return listing


class _Fading(FileSystemSource):
    """A folder in which ``b.csv`` is deleted when its beginning was read."""

    def read_range(self, entry: FileEntry, offset: int, length: int) -> bytes:
        found = super().read_range(entry, offset, length)
        if entry.name == "b.csv":
            Path(entry.path).unlink()
        return found


def _open_vanishing(request: JobRequest) -> FileSystemSource:
    return _Vanishing(str(request.data_source_path), on_databricks=False)


def _open_fading(request: JobRequest) -> FileSystemSource:
    return _Fading(str(request.data_source_path), on_databricks=False)
