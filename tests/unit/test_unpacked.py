"""Compressed files as plain files: what is listed, what is read, what is left behind."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import pickle
import struct
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from nuvyn_executor.bounds import Bounds
from nuvyn_executor.discovery import formats
from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.errors import DatasetUnreadable, WronglyNamed
from nuvyn_executor.model import SourceType
from nuvyn_executor.profiling.scan_state import Snapshot
from nuvyn_executor.sources.base import UnpacksFiles
from nuvyn_executor.sources.compression import BINARY_GZIP
from nuvyn_executor.sources.filesystem import FileSystemSource
from nuvyn_executor.sources.spool_folder import SpoolPlace
from nuvyn_executor.sources.unpacked import UnpackedSource, UnpackedStorage
from tests.discovering import AVRO, CSV, MANY, named, reasons, workbook, write
from tests.packing import LATER, PACKERS, packed_ways, zipped
from tests.unpacking import LONG, NOISE, contents, dataset, left, look, source, unpack


class TestCompressedFiles:
    """Issue: "Compressed files: gzip, bz2, zstd, xz and a zip with one or many files inside." """

    @pytest.mark.parametrize("suffix", PACKERS)
    def test_one_stream_is_one_file_with_the_name_of_its_content(self, tmp_path: Path, suffix: str) -> None:
        write(tmp_path, {f"deep/Orders.csv{suffix.upper()}": PACKERS[suffix](LONG)})

        found = look(tmp_path)

        (table,) = found.datasets
        assert (table.name, table.folder, table.format) == ("Orders", "deep", formats.CSV)
        assert found.files[0].plain_name == "deep/Orders.csv"
        assert unpack(tmp_path) == {f"deep/Orders.csv{suffix.upper()}": LONG}

    @pytest.mark.parametrize("suffix", PACKERS)
    def test_all_streams_of_a_file_are_read(self, tmp_path: Path, suffix: str) -> None:
        pack = PACKERS[suffix]
        write(tmp_path, {f"a.csv{suffix}": pack(LONG) + pack(b"") + pack(CSV)})
        assert unpack(tmp_path) == {f"a.csv{suffix}": LONG + CSV}

    def test_a_beginning_is_read_without_a_copy(self, tmp_path: Path) -> None:
        (tmp_path / "spool").mkdir()
        write(tmp_path / "in", packed_ways("a.csv", LONG))
        one = source(tmp_path / "in", SpoolPlace(tmp_path / "spool"))

        for entry in one.survey(MANY).files:
            assert one.read_range(entry, 0, 100) == LONG[:100]
            assert one.read_range(entry, 70_000, 100) == LONG[70_000:70_100]
            assert one.read_range(entry, len(LONG) - 5, 100) == LONG[-5:]
            assert one.read_range(entry, len(LONG) + 5, 100) == b""
        assert left(tmp_path / "spool") == []

    @pytest.mark.parametrize("length", [65535, 65536, 65537])
    def test_the_head_shows_whether_it_is_all(self, tmp_path: Path, length: int) -> None:
        text = (b"id,name\n" + b"1,Anna\n" * 10_000)[:length]
        write(tmp_path, {"a.csv": text, **packed_ways("a.csv", text)})
        layouts = {one.dialect for one in look(tmp_path).datasets}
        assert len(layouts) == 1

    def test_binary_formats_are_found_as_well(self, tmp_path: Path) -> None:
        parquet = b"PAR1" + NOISE + b"PAR1"
        for name, content in {"p.parquet": parquet, "a.avro": AVRO, "w.xlsx": workbook()}.items():
            write(tmp_path, {f"{name}.d/{way}": one for way, one in packed_ways(name, content).items()})
        write(tmp_path, {"p.parquet.gz": gzip.compress(parquet), "w.xlsx.gz": gzip.compress(workbook())})

        found = look(tmp_path)

        assert found.skipped == ()
        assert (
            sorted(one.format.value for one in found.datasets)
            == ["avro"] * 4 + ["excel"] * 5 + ["parquet"] * 5
        )
        assert unpack(tmp_path)["p.parquet.gz"] == parquet

    def test_a_large_workbook_is_found_by_its_name(self, tmp_path: Path) -> None:
        import openpyxl  # noqa: PLC0415  for this test alone

        book = openpyxl.Workbook()
        for row in range(20_000):
            book.active.append([f"{row * 7919 % 10007} text {row}"])
        book.save(tmp_path / "large.xlsx")
        content = (tmp_path / "large.xlsx").read_bytes()
        (tmp_path / "large.xlsx").unlink()
        assert len(content) > 65536
        write(tmp_path, {"a.zip": zipped({"large.xlsx": content}), "no.zip": zipped({"no.xlsx": NOISE})})

        found = look(tmp_path)

        assert [one.name for one in found.datasets] == ["large.Sheet"]
        assert reasons(found) == {
            "no.zip/no.xlsx": "is called a workbook but does not begin like one: it is damaged"
        }

    def test_what_is_compressed_twice_is_called_so(self, tmp_path: Path) -> None:
        """Issue: "a gzip inside a gzip"; but text as gzip may be in anything."""
        twice = {"a.csv.bz2": bz2.compress(gzip.compress(CSV)), "b.csv.xz": lzma.compress(lzma.compress(CSV))}
        write(tmp_path, {**twice, "c.csv.gz.bz2": bz2.compress(gzip.compress(CSV))})
        found = look(tmp_path)
        assert reasons(found) == dict.fromkeys(twice, "is compressed more than once")
        assert [one.format for one in found.datasets] == [formats.CSV]

    def test_gzip_of_text_is_left_to_those_who_read_it(self, tmp_path: Path) -> None:
        packed = gzip.compress(CSV)
        write(tmp_path, {"a.csv.gz": packed, "z.zip": zipped({"b.csv.gz": packed})})

        found = look(tmp_path)

        assert sorted(named(found)) == ["a", "z.zip/b"]
        assert unpack(tmp_path) == {"z.zip/b.csv.gz": packed}

    @pytest.mark.parametrize("name", ["ORDERS.CSV.GZ", "Orders.csv.Gz"])
    def test_gzip_in_capitals_is_unpacked_here(self, tmp_path: Path, name: str) -> None:
        """Spark inflates what ends in `.gz`, not in `.GZ`: it read the packed bytes as rows."""
        write(tmp_path, {name: gzip.compress(LONG), "ARCHIVE.TAR.GZ": gzip.compress(b"x")})
        found = look(tmp_path)
        ((entry,),) = (one.files for one in found.datasets)
        assert (entry.name, entry.plain_name, found.datasets[0].format) == (name, name[:-3], formats.CSV)
        assert found.datasets[0].name == name[: -len(".csv.gz")]
        assert reasons(found) == {"ARCHIVE.TAR.GZ": "is a tar archive, which is not read"}
        assert list(unpack(tmp_path).values())[-1] == LONG

    def test_the_endings_of_binary_gzip_are_those_of_the_formats(self) -> None:
        binary = [one for one in formats.FORMATS if not one.is_text]
        assert set(BINARY_GZIP) == {f"{end}.gz" for one in binary for end in one.extensions}

    def test_without_a_library_for_zstd_the_others_are_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, {"a.csv.zst": b"\x28\xb5\x2f\xfd\x04\x00", "b.csv.bz2": bz2.compress(CSV)})
        for name in ("compression.zstd", "backports.zstd", "pyarrow"):
            monkeypatch.setitem(sys.modules, name, None)

        found = look(tmp_path)

        assert [one.name for one in found.datasets] == ["b"]
        (skipped,) = found.skipped
        assert skipped.reason == "a.csv.zst is compressed with zstd, and nothing that reads it is installed."
        assert "pip install pyarrow" in skipped.remedy
        assert skipped.is_failure


class TestDamage:
    """Issue: a damaged file is named, and the others are read."""

    @pytest.mark.parametrize("suffix", PACKERS)
    def test_a_stream_that_is_cut_short(self, tmp_path: Path, suffix: str) -> None:
        write(tmp_path, {f"a.csv{suffix}": PACKERS[suffix](LONG)[:-9], "b.csv": CSV})
        with pytest.raises(DatasetUnreadable, match=rf"a\.csv{suffix} is a \w+ file that is cut short"):
            unpack(tmp_path)

    @pytest.mark.parametrize("suffix", PACKERS)
    def test_a_stream_with_other_bytes_in_it(self, tmp_path: Path, suffix: str) -> None:
        packed = bytearray(PACKERS[suffix](NOISE))
        packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xaa" * 40
        write(tmp_path, {f"a.csv{suffix}": bytes(packed)})
        with pytest.raises(DatasetUnreadable, match=rf"a\.csv{suffix} is a damaged \w+ file \(.+\)"):
            unpack(tmp_path)

    def test_a_short_one_is_named_when_it_is_looked_at(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv.bz2": bz2.compress(CSV)[:-4], "b.csv.bz2": bz2.compress(CSV)})

        found = look(tmp_path)

        assert [one.name for one in found.datasets] == ["b"]
        assert [one.name for one in found.unreadable] == ["a.csv.bz2"]

    @pytest.mark.parametrize("suffix", PACKERS)
    def test_a_text_that_is_called_compressed(self, tmp_path: Path, suffix: str) -> None:
        write(tmp_path, {f"a.csv{suffix}": CSV})

        found = look(tmp_path)

        (skipped,) = found.skipped
        assert skipped.reason.startswith(f"is called {suffix} but is not compressed with ")
        assert skipped.remedy == f"Rename it without {suffix}."
        assert not skipped.is_failure
        with pytest.raises(WronglyNamed):
            unpack(tmp_path)

    def test_empty_files_are_empty(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.csv.xz": b"", "b.csv.bz2": bz2.compress(b""), "c.zip": zipped({"d.csv": b""})})
        found = look(tmp_path)
        assert reasons(found) == dict.fromkeys(("a.csv.xz", "b.csv.bz2", "c.zip/d.csv"), "is empty")
        assert found.unreadable == ()

    def test_other_archives_are_named(self, tmp_path: Path) -> None:
        names = ("a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.zst", "a.7z", "a.rar", "a.zip.xz")
        write(tmp_path, dict.fromkeys(names, b"anything"))
        write(tmp_path, {"b": b"7z\xbc\xaf\x27\x1c\0", "c": b"x" * 257 + b"ustar\0" + b"\0" * 300})

        found = look(tmp_path)

        assert {name: reason.rpartition(", ")[2] for name, reason in reasons(found).items()} == dict.fromkeys(
            (*names, "b", "c"), "which is not read"
        )
        assert {one.remedy for one in found.skipped} == {"Unpack it, or write its files as a .zip."}


class TestTimesAndStates:
    """Issue: "Incremental scan state must work"."""

    def test_a_member_has_its_own_time_but_is_not_newer_than_its_archive(self, tmp_path: Path) -> None:
        archive = datetime(2026, 3, 1, tzinfo=timezone.utc)
        unix = zipfile.ZipInfo("c.csv", LATER)
        unix.extra = struct.pack(
            "<HHBi", 0x5455, 5, 1, int(datetime(2025, 5, 5, tzinfo=timezone.utc).timestamp())
        )
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
            opened.writestr(zipfile.ZipInfo("a.csv", LATER), CSV)
            opened.writestr(zipfile.ZipInfo("b.csv", (2030, 1, 1, 0, 0, 0)), CSV)
            opened.writestr(unix, CSV)
            opened.writestr(zipfile.ZipInfo("d.csv"), CSV)  # the first moment that there is: no time
        os.utime(tmp_path / "a.zip", (archive.timestamp(),) * 2)

        times = [entry.modified_at for entry in source(tmp_path).survey(MANY).files]

        assert times == [
            datetime(*LATER, tzinfo=timezone.utc),
            archive,
            datetime(2025, 5, 5, tzinfo=timezone.utc),
            archive,
        ]

    def test_stamps_change_with_the_content_and_with_nothing_else(self, tmp_path: Path) -> None:
        def stamps(content: bytes) -> Any:
            write(tmp_path, {"a.zip": content})
            os.utime(tmp_path / "a.zip", (1.8e9, 1.8e9))
            files = list(source(tmp_path).survey(MANY).files)
            return set(Snapshot(dataset(files)).stamps)

        before = stamps(zipped({"a.csv": b"id\n1\n"}, zipfile.ZIP_STORED))

        assert stamps(zipped({"a.csv": b"id\n1\n"}, zipfile.ZIP_STORED)) == before
        assert stamps(zipped({"a.csv": b"id\n2\n"}, zipfile.ZIP_STORED)) != before
        assert stamps(zipped({"0.csv": CSV, "a.csv": b"id\n1\n"}, zipfile.ZIP_STORED)) > before

    def test_sizes_are_those_that_files_take(self, tmp_path: Path) -> None:
        packed = bz2.compress(LONG)
        write(tmp_path, {"a.csv.bz2": packed, "b.zip": zipped({"c.csv": LONG})})
        first, second = source(tmp_path).survey(MANY).files
        assert first.size_bytes == len(packed)
        assert second.size_bytes < len(LONG) / 2


class TestCopies:
    """Issue: "Decompression bomb (bounded by free disk space: never fill the disk; a clear sentence)"."""

    def test_a_source_that_unpacks_says_so(self, tmp_path: Path) -> None:
        assert isinstance(source(tmp_path), UnpacksFiles)
        assert not isinstance(FileSystemSource(str(tmp_path), on_databricks=False), UnpacksFiles)

    def test_copies_are_made_once_and_removed(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO", "nuvyn_executor")
        write(tmp_path / "in", {"a.csv.bz2": bz2.compress(CSV), "b.csv": CSV})
        one = source(tmp_path / "in", SpoolPlace(tmp_path / "spool"))
        first, second = one.survey(MANY).files

        copies = one.unpacked(dataset([first, second]))
        again = one.unpacked(dataset([first]))

        assert [record.message for record in caplog.records] == [
            f"📦 Unpacking 1 files, 0.0 MB, of {tmp_path}/in"
        ]
        assert again.files[0] == copies.files[0]
        assert copies.files[1] == second
        assert one.local_path(first) == one.local_path(copies.files[0]) == copies.files[0].path
        assert one.spark_paths([second, first]) == [f"file://{second.path}", f"file://{copies.files[0].path}"]
        assert one.read_range(copies.files[0], 3, 4) == CSV[3:7]
        assert oct(Path(copies.files[0].path).parent.stat().st_mode)[-3:] == "700"
        one.release()
        assert left(tmp_path / "spool") == []

    def test_a_small_disk_is_not_filled(self, tmp_path: Path) -> None:
        write(tmp_path / "in", {"bomb.csv.bz2": bz2.compress(b"0" * 50_000_000)})
        disk = tmp_path / "spool"

        def free(_: Path) -> int:
            return 10_000_000 - sum(path.stat().st_size for path in disk.rglob("*") if path.is_file())

        one = source(tmp_path / "in", SpoolPlace(disk, free=free))
        (entry,) = one.survey(MANY).files
        with pytest.raises(DatasetUnreadable, match="the disk was not filled") as caught:
            one.unpacked(dataset([entry]))

        assert "EXECUTOR_SPOOL_DIR" in caught.value.remedy
        assert free(disk) == 10_000_000  # what was there of it is removed
        one.release()

    def test_what_an_archive_says_to_be_too_large_is_not_begun(self, tmp_path: Path) -> None:
        write(tmp_path / "in", {"a.zip": zipped({"a.csv": b"0" * 20_000_000, "b.csv": CSV})})
        place = SpoolPlace(tmp_path / "spool", free=lambda _: 10_000_000)
        with pytest.raises(DatasetUnreadable, match=r"a\.csv and 1 more files of the dataset need 19 MB"):
            unpack(tmp_path / "in", place)

    def test_a_disk_that_does_not_say_what_is_free_is_used(self, tmp_path: Path) -> None:
        write(tmp_path / "in", {"a.csv.bz2": bz2.compress(CSV)})
        place = SpoolPlace(tmp_path / "spool", free=lambda _: None)
        assert unpack(tmp_path / "in", place) == {"a.csv.bz2": CSV}

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        write(tmp_path, {"in/a.csv.bz2": bz2.compress(CSV), "file": b""})
        with pytest.raises(
            DatasetUnreadable, match=r"No folder for copies can be made in .*/file/x: "
        ) as caught:
            unpack(tmp_path / "in", SpoolPlace(tmp_path / "file" / "x"))
        assert "EXECUTOR_SPOOL_DIR" in caught.value.remedy

    def test_where_tasks_run_elsewhere_a_shared_folder_is_asked_for(self, tmp_path: Path) -> None:
        write(tmp_path / "in", {"a.csv.bz2": bz2.compress(CSV), "b.xlsx.bz2": bz2.compress(workbook())})
        one = source(tmp_path / "in", SpoolPlace(tasks_see_it=lambda: False))
        text, book = one.survey(MANY).files

        for ask in (lambda: one.unpacked(dataset([text])), lambda: one.spark_paths([text])):
            with pytest.raises(
                DatasetUnreadable, match=r"^a\.csv\.bz2 would be unpacked to a disk of"
            ) as caught:
                ask()
            assert "EXECUTOR_SPOOL_DIR" in caught.value.remedy
        assert contents(one.unpacked(dataset([book], formats.EXCEL))) != {}  # this machine reads it
        assert one.spark_paths([]) == []
        one.release()
        shared = SpoolPlace(tmp_path / "shared", tasks_see_it=lambda: False)
        assert unpack(tmp_path / "in", shared)["a.csv.bz2"] == CSV

    def test_on_databricks_shared_folders_are_spelt_for_spark(self, tmp_path: Path) -> None:
        one = UnpackedSource(FileSystemSource(str(tmp_path), on_databricks=True), on_databricks=True)
        assert one.spark_path("/Volumes/main/x/a.csv") == "/Volumes/main/x/a.csv"
        assert one.spark_path("/dbfs/x/a.csv") == "dbfs:/x/a.csv"

    def test_tasks_read_copies_where_they_are(self, tmp_path: Path) -> None:
        write(tmp_path, {"spool/a": b"0123456789"})
        storage: Any = UnpackedStorage(FakeStorage(), f"{tmp_path}/spool/")

        travelled = pickle.loads(pickle.dumps(storage))  # noqa: S301  made here

        assert travelled.read(f"{tmp_path}/spool/a", 2, 3) == b"234"
        assert travelled.read("s3://bucket/a", 2, 3, "v1") == b"s3://bucket/a v1"


class TestBounds:
    """Issue: "Every decompressor has a bound (`EXECUTOR_MAX_UNPACKED_MB`, ratio and total), streams" """

    BOUNDS = Bounds(unpacked_always=1_000_000)

    def bounded(self, root: Path, bounds: Bounds = BOUNDS) -> UnpackedSource:
        files = FileSystemSource(str(root), on_databricks=False)
        return UnpackedSource(
            files, on_databricks=False, place=SpoolPlace(root.parent / "spool"), bounds=bounds
        )

    @pytest.mark.parametrize("suffix", PACKERS)
    def test_a_stream_ends_where_the_bound_is(self, tmp_path: Path, suffix: str) -> None:
        name = f"bomb.csv{suffix}"
        write(
            tmp_path / "in",
            {name: PACKERS[suffix](b"0" * 20_000_000), f"a.csv{suffix}": PACKERS[suffix](LONG)},
        )
        one = self.bounded(tmp_path / "in")
        good, bad = one.survey(MANY).files
        with pytest.raises(DatasetUnreadable, match=rf"^{name} holds more than 200 times its size") as caught:
            one.unpacked(dataset([bad]))
        assert "EXECUTOR_MAX_UNPACKED_RATIO" in caught.value.remedy
        assert contents(one.unpacked(dataset([good]))) == {f"a.csv{suffix}": LONG}
        written = [path.stat().st_size for path in (tmp_path / "spool").rglob("bomb*")]
        assert sum(written) == 0  # what was there of it is removed
        one.release()

    def test_gzip_of_what_is_no_text_too(self, tmp_path: Path) -> None:
        write(tmp_path / "in", {"a.parquet.gz": gzip.compress(b"PAR1" + b"0" * 20_000_000 + b"PAR1")})
        one = self.bounded(tmp_path / "in")
        with pytest.raises(DatasetUnreadable, match=r"^a\.parquet\.gz holds more than 200 times its size"):
            one.unpacked(dataset(list(one.survey(MANY).files), formats.PARQUET))
        one.release()

    def test_the_total_is_a_setting(self, tmp_path: Path) -> None:
        write(tmp_path / "in", {"a.csv.bz2": bz2.compress(LONG)})
        one = self.bounded(tmp_path / "in", Bounds(unpacked_bytes=len(LONG) - 1))
        with pytest.raises(DatasetUnreadable, match=r"^a\.csv\.bz2 holds more than") as caught:
            one.unpacked(dataset(list(one.survey(MANY).files)))
        assert "EXECUTOR_MAX_UNPACKED_MB" in caught.value.remedy
        one.release()

    def test_an_archive_is_judged_by_all_of_its_members(self, tmp_path: Path) -> None:
        """Members of a bomb overlap, so that each may be small for its packed size."""
        members = {f"{i}.csv": b"id,name\n" + b"0" * 500_000 for i in range(4)}
        write(
            tmp_path / "in",
            {"a.csv": CSV, "bomb.zip": zipped(members), "nested.zip": zipped({"b.zip": b"PK"})},
        )
        found = discover(self.bounded(tmp_path / "in"), SourceType.AUTO, MANY)
        assert list(named(found)) == ["a"]
        assert reasons(found)["bomb.zip"].startswith("bomb.zip holds more than 200 times its size")
        assert reasons(found)["nested.zip/b.zip"] == "is an archive in an archive, which is not read"

    def test_a_workbook_is_counted_whatever_its_directory_says(self, tmp_path: Path) -> None:
        sheet = b"<row>" * 1_000_000
        honest = zipped({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": sheet})
        says, lies = struct.pack("<L", len(sheet)), struct.pack("<L", 1000)
        assert honest.count(says) == 2
        write(tmp_path / "in", {"honest.xlsx": honest, "lying.xlsx": honest.replace(says, lies)})
        one = self.bounded(tmp_path / "in")
        for entry in one.survey(MANY).files:
            with pytest.raises(DatasetUnreadable, match=rf"^{entry.name} holds more than 200 times its size"):
                one.local_path(entry)

    def test_a_workbook_has_a_bound_of_its_own(self) -> None:
        with pytest.raises(
            DatasetUnreadable, match="is a workbook of more than 1,000 MB when it is unpacked"
        ):
            Bounds().require_workbook("a.xlsx", 100_000_000, 1_000_000_001)
        Bounds().require_workbook("a.xlsx", 100_000_000, 1_000_000_000)

    def test_an_archive_of_too_many_members_is_not_opened(self, tmp_path: Path) -> None:
        many = zipped({"a.csv": CSV})
        at = many.rindex(b"PK\x05\x06") + 12
        says = struct.pack("<L", 16_000_001)
        write(tmp_path / "in", {"many.zip": many[:at] + says + many[at + 4 :], "a.csv": CSV})
        found = discover(self.bounded(tmp_path / "in"), SourceType.AUTO, MANY)
        assert list(named(found)) == ["a"]
        assert reasons(found) == {
            "many.zip": "many.zip has a directory of more than 16 MB, so too many members."
        }

    def test_two_jobs_share_a_folder_for_copies(self, tmp_path: Path) -> None:
        """Issue, by hand: "two jobs with one spool folder"."""
        write(tmp_path / "in", {"a.csv.bz2": bz2.compress(LONG)})
        one, other = self.bounded(tmp_path / "in"), self.bounded(tmp_path / "in")
        first, second = (each.unpacked(dataset(list(each.survey(MANY).files))) for each in (one, other))
        one.release()
        assert contents(second) == {"a.csv.bz2": LONG}
        assert not Path(first.files[0].path).exists()
        other.release()
        assert left(tmp_path / "spool") == []


class FakeStorage:
    """A storage of other files."""

    def read(self, path: str, offset: int, length: int, etag: str = "") -> bytes:
        del offset, length
        return f"{path} {etag}".encode()
