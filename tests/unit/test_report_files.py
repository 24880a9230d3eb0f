"""Which sources a report is of, where it is written, and what a job does about it. On the memory store."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import pytest

from nuvyn_executor import report
from nuvyn_executor.errors import ExecutorError
from nuvyn_executor.reports.files import report_of, write_report
from nuvyn_executor.schema.tables import COLUMNS, EXECUTOR_RUNS, SOURCES, TABLES, Table
from nuvyn_executor.store.memory import MemoryMetadataStore
from tests.installation import LineScanner, memory_installation
from tests.report_rows import NOW, Stored, shop, source_row, table_row

if TYPE_CHECKING:
    from tests.installation import Installation


def made(stored: Stored, path: str | None = None, tenant: str | None = None) -> str:
    return report_of(stored.store(), path, tenant, NOW, shows_values=False)


def refused(stored: Stored, path: str | None = None, tenant: str | None = None) -> str:
    with pytest.raises(ExecutorError) as caught:
        made(stored, path, tenant)
    assert caught.value.remedy
    return str(caught.value)


def several() -> Stored:
    places = (("/dbfs/mnt/shop/", "a"), ("s3://bucket/shop", "a"), ("/dbfs/mnt/shop/", "b"))
    stored = Stored(*(source_row(path, tenant) for path, tenant in places))
    stored.tables = [table_row(source, f"of_{source['tenant_id']}") for source in stored.sources]
    return stored


class TestWhichSources:
    """`python -m nuvyn_executor.report [PATH | --tenant T]`."""

    @pytest.mark.parametrize(
        "path", ["/dbfs/mnt/shop", "dbfs:/mnt/shop/", "/dbfs/mnt/x/../shop", "file:/dbfs/mnt/shop"]
    )
    def test_a_path_is_found_in_each_of_its_spellings(self, path: str) -> None:
        page = made(several(), path, "a")

        assert "<h1>/dbfs/mnt/shop/</h1>" in page
        assert "of_b" not in page

    def test_a_url_is_found_without_its_secrets(self) -> None:
        stored = Stored(source_row("s3://bucket/shop?***"))

        assert "s3://bucket/shop?***</bdi></h1>" in made(stored, "s3://bucket/shop?sig=very-secret")

    def test_several_are_named_with_commas_as_a_job_names_them(self) -> None:
        stored = several()
        stored.sources.append(source_row("/data/a,b", "a"))

        page = made(stored, "dbfs:/mnt/shop, s3://bucket/shop,/dbfs/mnt/shop", "a")
        assert "2 sources of a" in page
        assert "/data/a,b" not in page
        assert "<h1><bdi>/data/a,b</bdi></h1>" in made(stored, "/data/a,b")

    def test_the_one_of_several_that_is_not_stored_is_named(self) -> None:
        assert refused(several(), "/dbfs/mnt/shop,/nope").startswith("No source /nope is stored.")

    def test_a_tenant_has_all_its_sources(self) -> None:
        page = made(several(), tenant="a")

        assert "2 sources of a" in page
        assert "s3://bucket/shop" in page

    def test_without_path_and_tenant_it_is_of_everything(self) -> None:
        assert "3 sources of a, b" in made(several())

    def test_what_is_not_stored_is_named_with_what_is(self) -> None:
        assert refused(several(), "/data") == (
            "No source /data is stored. Name it as a job named it; stored are /dbfs/mnt/shop/, s3://bucket/shop."
        )
        assert refused(several(), tenant="c") == "Nothing is stored of tenant c. Stored are those of a, b."

    def test_many_stored_paths_are_not_all_named(self) -> None:
        stored = Stored(*(source_row(f"/data/{number}") for number in range(7)))

        assert refused(stored, "/x").endswith("/data/3, /data/4 and 2 more.")

    def test_the_paths_that_are_like_it_are_named_first(self) -> None:
        stored = Stored(*(source_row(f"/data/area_{number:03}/in") for number in range(200)))

        for meant in ("/data/area_177", "/DATA/area_177/in", "/data/area177/in"):
            assert "stored are /data/area_177/in, " in refused(stored, meant), meant

    def test_the_tenants_that_have_it_are_named(self) -> None:
        stored = several()
        stored.sources.append(source_row("/other", "c"))

        assert refused(stored, "dbfs:/mnt/shop", "c") == (
            "No source dbfs:/mnt/shop of tenant c is stored. It is one of a, b."
        )

    def test_empty_tables_and_none_at_all_say_what_to_run(self) -> None:
        assert "Run metadata_extraction or quality_assessment first" in refused(Stored())
        with pytest.raises(ExecutorError, match="Nothing is stored in _executor_metadata yet"):
            report_of(MemoryMetadataStore(), None, None, NOW, shows_values=False)


def older_store(stored: Stored, lacking: Table, column: Optional[str]) -> MemoryMetadataStore:
    """Return what is stored, without a column of a table, or without the table."""
    store = MemoryMetadataStore()
    rows = (stored.sources, stored.tables, stored.columns, stored.runs)
    for table, some in zip((SOURCES, TABLES, COLUMNS, EXECUTOR_RUNS), rows):
        gone = {column} if table is lacking else set()
        if None in gone:
            continue
        store.create_table(
            replace(table, columns=tuple(one for one in table.columns if one.name not in gone))
        )
        store.append(
            table, [{name: value for name, value in row.items() if name not in gone} for row in some]
        )
    return store


class TestOlderTables:
    """Tables of an older version lack columns, and a run that was stopped early made some tables alone."""

    @pytest.mark.parametrize(
        ("table", "column"),
        [
            (table, name)
            for table in (SOURCES, TABLES, COLUMNS, EXECUTOR_RUNS)
            for name in table.column_types()
        ],
        ids=lambda one: getattr(one, "name", one),
    )
    def test_each_column_may_be_missing(self, table: Table, column: str) -> None:
        assert "<h1>" in report_of(older_store(shop(), table, column), None, None, NOW, shows_values=False)

    @pytest.mark.parametrize("table", [TABLES, COLUMNS, EXECUTOR_RUNS], ids=lambda one: one.name)
    def test_each_table_but_that_of_the_sources_may_be_missing(self, table: Table) -> None:
        assert "<h1>" in report_of(older_store(shop(), table, None), None, None, NOW, shows_values=False)


class TestFile:
    """One file, where the caller wants it."""

    def test_it_is_utf_8(self, tmp_path: Path) -> None:
        write_report(str(tmp_path / "r.html"), "é")

        assert (tmp_path / "r.html").read_bytes() == "é".encode()

    def test_a_root_stands_for_volumes(self, tmp_path: Path) -> None:
        write_report("dbfs:/Volumes/r.html", "x", {"/Volumes": str(tmp_path)})

        assert (tmp_path / "r.html").read_text() == "x"

    @pytest.mark.parametrize("name", ["", "missing/r.html", "a\0b"])
    def test_what_cannot_be_written_is_a_sentence(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ExecutorError, match=r"cannot be written: .+ Name a file in a folder"):
            write_report(str(tmp_path / name), "x")

    def test_where_there_is_no_room_the_report_before_stays(self, tmp_path: Path) -> None:
        file = tmp_path / "r.html"
        file.write_text("the report before")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            with pytest.raises(ExecutorError, match="cannot be written: File too large"):
                write_report(str(file), "x" * 200_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

        assert file.read_text() == "the report before"
        assert [one.name for one in tmp_path.iterdir()] == ["r.html"]

    def test_a_link_and_the_mode_of_a_file_stay(self, tmp_path: Path) -> None:
        file, link = tmp_path / "r.html", tmp_path / "link.html"
        file.write_text("the report before")
        file.chmod(0o640)
        link.symlink_to(file)

        write_report(str(link), "x")

        assert link.is_symlink()
        assert file.read_text() == "x"
        assert file.stat().st_mode & 0o777 == 0o640

    def test_a_file_that_is_mounted_alone_is_written(self, tmp_path: Path) -> None:
        """As ``docker run -v ./r.html:/r.html`` does: no other file can take its place."""
        real, file = tmp_path / "real.html", tmp_path / "r.html"
        real.touch()
        file.touch()
        mount, umount = shutil.which("mount"), shutil.which("umount")
        bind = [mount or "false", "--bind", str(real), str(file)]
        if not umount or subprocess.run(bind, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount")
        try:
            write_report(str(file), "x")
        finally:
            subprocess.run([umount, str(file)], check=True)

        assert real.read_text() == "x"
        assert sorted(one.name for one in tmp_path.iterdir()) == ["r.html", "real.html"]

    def test_a_pipe_stays_a_pipe(self) -> None:
        read, write = os.pipe()
        write_report(f"/dev/fd/{write}", "x")
        os.close(write)

        with os.fdopen(read) as stream:
            assert stream.read() == "x"

    def test_an_object_store_is_no_place_and_its_secret_is_masked(self) -> None:
        with pytest.raises(ExecutorError, match="is no place for a report") as caught:
            write_report("s3://bucket/r.html?sig=very-secret", "x")

        assert "very-secret" not in str(caught.value)


class TestCommand:
    """Errors: one sentence with remedy, exit codes as the main command."""

    def test_a_folder_that_is_missing_is_said_before_spark_starts(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        exit_code = report.main(["/data", "-o", str(tmp_path / "missing" / "r.html")])

        assert exit_code == 2
        assert (
            "missing/r.html is not there. Make it, or name another file with -o." in capsys.readouterr().err
        )

    def test_a_folder_is_no_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert report.main(["/data", "-o", str(tmp_path)]) == 2
        assert capsys.readouterr().err == f"{tmp_path} is a folder. Name a file in it with -o.\n"

    def test_a_name_of_a_folder_is_no_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """``-o reports/`` wrote a file of the name of the folder that was meant."""
        assert report.main(["/data", "-o", f"{tmp_path}/reports/"]) == 2
        assert capsys.readouterr().err == (
            f"{tmp_path}/reports/ is the name of a folder. Name a file with -o.\n"
        )
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(("given", "name"), [([""], "PATH"), (["--tenant", " "], "--tenant")])
    def test_an_empty_name_is_not_all(
        self, given: list[str], name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert report.main(given) == 2
        assert capsys.readouterr().err == (
            f"{name} is empty. Name one, or leave it out for all that is stored.\n"
        )

    def test_a_store_is_no_place_and_its_secret_is_masked(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert report.main(["/data", "-o", "s3://bucket/r.html?sig=very-secret"]) == 2
        said = capsys.readouterr().err
        assert "is no place for a report. Name a file of a Volume" in said
        assert "very-secret" not in said

    @pytest.mark.parametrize("scheme", ["", "file:"])
    def test_each_spelling_of_a_file_is_taken(
        self,
        tmp_path: Path,
        scheme: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(report, "quality_report", lambda *_: report.QualityReport("é"))

        assert report.main(["-o", f"{scheme}{tmp_path}/r.html"]) == 0
        assert (tmp_path / "r.html").read_text(encoding="utf-8") == "é"
        assert capsys.readouterr().err == f"Written: {scheme}{tmp_path}/r.html\n"

    def test_a_dash_is_stdout(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(report, "quality_report", lambda *_: report.QualityReport("é"))

        assert report.main(["-o", "-"]) == 0
        assert capsysbinary.readouterr() == ("é".encode(), b"")
        assert not list(tmp_path.iterdir())

    @pytest.mark.process
    @pytest.mark.parametrize(("place", "why"), [("full", "No space left"), ("closed", "Broken pipe")])
    def test_a_stdout_that_takes_nothing_is_a_sentence(self, place: str, why: str) -> None:
        program = (
            "import sys; from nuvyn_executor import report;"
            "report.quality_report = lambda *_: report.QualityReport('x' * 200_000);"
            "sys.exit(report.main(['-o', '-']))"
        )
        with Path("/dev/full").open("wb") as full:
            stdout = subprocess.PIPE if place == "closed" else full
            with subprocess.Popen(
                [sys.executable, "-c", program], stdout=stdout, stderr=subprocess.PIPE, text=True
            ) as command:
                if command.stdout is not None:
                    command.stdout.close()
                assert command.stderr is not None
                said = command.stderr.read()

        assert (command.returncode, said.count("\n")) == (1, 1)
        assert said.startswith(f"stdout cannot be written: {why}")

    def test_a_name_that_is_too_long_is_a_sentence(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(report, "quality_report", lambda *_: report.QualityReport("é"))

        assert report.main(["-o", str(tmp_path / ("x" * 300))]) == 1
        assert "cannot be written: File name too long. Name a file in a folder" in capsys.readouterr().err

    def test_a_wrong_parameter_ends_with_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as caught:
            report.main(["--nonsense"])

        assert caught.value.code == 2
        assert "--nonsense" in capsys.readouterr().err

    def test_a_notebook_gets_the_file_and_a_frame(self, tmp_path: Path) -> None:
        shown = report.QualityReport(made(shop()))
        shown.save(str(tmp_path / "r.html"))

        assert (tmp_path / "r.html").read_text(encoding="utf-8") == shown.html
        assert shown._repr_html_().startswith("<iframe srcdoc=")
        assert len(repr(shown)) < 200


class TestAfterAJob:
    """`EXECUTOR_REPORT_PATH` for jobs; a failure to write it is a warning and does not fail the job."""

    @pytest.mark.parametrize("job", ["full_pipeline", "quality_assessment", "metadata_extraction"])
    def test_each_job_that_scores_writes_it(
        self, site: Installation, folder: Path, tmp_path: Path, job: str
    ) -> None:
        file = tmp_path / "r.html"
        run = site.run(job, folder, EXECUTOR_REPORT_PATH=str(file))

        page = file.read_text(encoding="utf-8")
        assert run.job_id in page
        assert f"<h1>{folder}</h1>" in page.replace("<bdi>", "").replace("</bdi>", "")
        assert f"📄 Quality report: {file}" in run.log

    def test_the_report_knows_the_run_that_writes_it_and_those_before(
        self, site: Installation, folder: Path, tmp_path: Path
    ) -> None:
        file = tmp_path / "r.html"
        for _ in range(2):
            site.run("quality_assessment", folder, EXECUTOR_REPORT_PATH=str(file))

        assert "Overall score of 2 runs" in file.read_text(encoding="utf-8")

    @pytest.mark.parametrize("job", ["data_reading", "schema_validation"])
    def test_other_jobs_write_none(self, site: Installation, folder: Path, tmp_path: Path, job: str) -> None:
        site.run(job, folder, EXECUTOR_REPORT_PATH=str(tmp_path / "r.html"))

        assert not (tmp_path / "r.html").exists()

    def test_a_failure_to_write_it_is_a_warning(
        self, site: Installation, folder: Path, tmp_path: Path
    ) -> None:
        run = site.run(
            "quality_assessment", folder, EXECUTOR_REPORT_PATH=str(tmp_path / "missing" / "r.html")
        )

        assert run.exit_code == 0
        (line,) = (line for line in run.log.splitlines() if "The quality report was not written: " in line)
        assert "WARNING" in line
        assert "Name a file in a folder that is there" in line

    def test_a_job_without_scores_writes_none(self, tmp_path: Path) -> None:
        file = tmp_path / "r.html"
        run = memory_installation(LineScanner()).run(
            "quality_assessment", tmp_path / "missing", EXECUTOR_REPORT_PATH=str(file)
        )

        assert run.exit_code == 1
        assert not file.exists()
        assert "No quality report: this run has no scores" in run.log

    def test_the_types_of_columns_are_in_the_result(self, site: Installation, folder: Path) -> None:
        run = site.run("quality_assessment", folder)

        columns: Any = [one["columns"] for one in run.details["datasets"]]
        assert all(column["data_type"] for some in columns for column in some)
