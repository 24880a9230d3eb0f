"""Archives as folders of plain files: what is listed, what is read, and what is refused."""

from __future__ import annotations

import bz2
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import Dict

import pytest

from nuvyn_executor.discovery.datasets import discover
from nuvyn_executor.errors import DatasetUnreadable
from nuvyn_executor.model import SourceType
from tests.discovering import CSV, MANY, named, reasons, workbook, write
from tests.packing import LATER, zipped, zstd
from tests.unpacking import LONG, METHODS, NOISE, contents, look, patch, source, unpack


class TestArchives:
    """Issue: "a zip with one or many files inside"; each is a file below a folder, which is the archive."""

    @pytest.mark.parametrize("method", METHODS)
    def test_members_are_files_of_a_folder(self, tmp_path: Path, method: int) -> None:
        files = {"orders.csv": LONG, "more/items.json": b'{"a":1}\n'}
        write(tmp_path, {"Shop.ZIP": zipped(files, method)})

        found = look(tmp_path)

        assert sorted(named(found)) == ["Shop.ZIP/more/items", "Shop.ZIP/orders"]
        assert [entry.name for entry in found.files] == ["Shop.ZIP/more/items.json", "Shop.ZIP/orders.csv"]
        assert unpack(tmp_path) == {f"Shop.ZIP/{name}": content for name, content in files.items()}

    def test_a_member_may_be_compressed_with_zstd(self, tmp_path: Path) -> None:
        packed = zstd(LONG)
        content = bytearray(zipped({"a.csv": packed}, zipfile.ZIP_STORED))
        patch(content, method=93, size=len(LONG), crc=zlib.crc32(LONG))
        write(tmp_path, {"a.zip": bytes(content)})
        assert unpack(tmp_path) == {"a.zip/a.csv": LONG}

    def test_the_source_may_be_the_archive_itself(self, tmp_path: Path) -> None:
        write(tmp_path, {"shop.zip": zipped({"orders.csv": CSV})})
        (table,) = look(tmp_path / "shop.zip").datasets
        assert (table.folder, table.name) == ("shop.zip", "orders")
        assert table.path == f"{tmp_path}/shop.zip/orders.csv"

    def test_part_files_are_one_table_with_the_name_of_the_archive(self, tmp_path: Path) -> None:
        parts = {f"part-{i:05}.csv": CSV for i in range(3)}
        write(
            tmp_path, {"in/orders.zip": zipped(parts), "in/more.zip": zipped({f"x/{n}": CSV for n in parts})}
        )

        found = named(look(tmp_path))

        assert {name: len(one.files) for name, one in found.items()} == {"in/orders": 3, "in/more.zip/x": 3}

    def test_part_files_that_are_compressed_are_one_table(self, tmp_path: Path) -> None:
        write(tmp_path, {"t/part-0.csv.bz2": bz2.compress(CSV), "t/part-1.csv.xz": lzma.compress(CSV)})
        write(tmp_path, {"t/part-2.csv": CSV, "t/part-0.csv.xz": lzma.compress(LONG)})

        one = source(tmp_path)
        (table,) = discover(one, SourceType.AUTO, MANY).datasets
        copies = one.unpacked(table)

        assert list(contents(copies).values()) == [CSV, LONG, CSV, CSV]
        assert [entry.size_bytes for entry in copies.files] == [len(CSV), len(LONG), len(CSV), len(CSV)]
        assert copies.files[-1].path == f"{tmp_path}/t/part-2.csv"
        assert {Path(entry.path).suffix for entry in copies.files} == {".csv"}
        one.release()

    def test_a_tree_of_partitions_is_copied_with_its_plain_files(self, tmp_path: Path) -> None:
        write(tmp_path, {"t/year=2024/a.csv": CSV, "t/year=2025/b.csv.bz2": bz2.compress(CSV)})
        one = source(tmp_path)
        (table,) = discover(one, SourceType.AUTO, MANY).datasets

        copies = one.unpacked(table)

        assert table.partition_columns == ("year",)
        assert [entry.path[len(copies.path) :] for entry in copies.files] == [
            "/year=2024/a.csv",
            "/year=2025/b.csv",
        ]
        assert set(contents(copies).values()) == {CSV}
        assert one.spark_path(copies.path) == f"file://{copies.path}"
        one.release()

    def test_folders_and_hidden_members_are_left_out(self, tmp_path: Path) -> None:
        hidden = ("__MACOSX/._a.csv", ".DS_Store", "_aside/b.csv", "x/.c.csv", "d.csv._COPYING_")
        write(tmp_path, {"a.zip": zipped({"x/": b"", "x/a.csv": CSV, **dict.fromkeys(hidden, CSV)})})

        found = look(tmp_path)

        assert [entry.name for entry in found.files] == ["a.zip/x/a.csv"]
        assert found.skipped == ()

    @pytest.mark.parametrize(
        "name", ["../x.csv", "a/../../x.csv", "/x.csv", "C:/x.csv", "..\\x.csv", "a//x.csv"]
    )
    def test_a_name_that_leads_out_is_not_read(self, tmp_path: Path, name: str) -> None:
        write(tmp_path / "in", {"a.zip": zipped({name: CSV, "good.csv": CSV})})

        found = look(tmp_path / "in")

        assert [one.name for one in found.datasets] == ["good"]
        assert [one.reason for one in found.unreadable] == ["has a name that leads out of its archive"]
        assert unpack(tmp_path / "in") == {"a.zip/good.csv": CSV}

    @pytest.mark.parametrize("name", ["./x/a.csv", "x/./a.csv", ".\\x\\a.csv"])
    def test_a_dot_is_the_folder_itself(self, tmp_path: Path, name: str) -> None:
        write(tmp_path, {"a.zip": zipped({"./": b"", name: CSV})})
        found = look(tmp_path)
        assert ([entry.name for entry in found.files], found.skipped) == (["a.zip/x/a.csv"], ())
        assert unpack(tmp_path) == {"a.zip/x/a.csv": CSV}

    @pytest.mark.parametrize(
        "beside", [{"META-INF/MANIFEST.MF": b"x"}, {"mimetype": b"text/csv"}, {"content.xml": b"<a/>"}]
    )
    def test_tables_beside_a_manifest_are_read(self, tmp_path: Path, beside: Dict[str, bytes]) -> None:
        write(tmp_path, {"a.zip": zipped({**beside, "x.csv": CSV, "y.csv": CSV})})
        assert [one.name for one in look(tmp_path).datasets] == ["x", "y"]

    def test_backslashes_are_folders(self, tmp_path: Path) -> None:
        write(tmp_path, {"a.zip": zipped({"x\\a.csv": CSV})})
        assert [entry.name for entry in look(tmp_path).files] == ["a.zip/x/a.csv"]

    def test_of_two_members_of_one_name_the_last_is_read(self, tmp_path: Path) -> None:
        content = zipped({"a.csv": CSV, "b.csv": LONG}).replace(b"b.csv", b"a.csv")
        write(tmp_path, {"a.zip": content})

        found = look(tmp_path)

        assert unpack(tmp_path) == {"a.zip/a.csv": LONG}
        assert reasons(found) == {"a.zip/a.csv": "is in its archive twice; the last one is read"}
        assert found.unreadable == ()

    @pytest.mark.parametrize(
        ("written", "meant"), [(b"n\x84me", "näme"), ("nä".encode(), "nä"), ("名".encode(), "名")]
    )
    def test_names_are_in_cp437_or_utf_8(self, tmp_path: Path, written: bytes, meant: str) -> None:
        place = b"X" * len(written)
        content = zipped({f"{place.decode()}.csv": CSV}).replace(place, written)
        write(tmp_path, {"a.zip": content, "b.zip": zipped({f"{meant}.csv": CSV})})
        assert [one.name for one in look(tmp_path).datasets] == [meant, meant]
        assert set(unpack(tmp_path).values()) == {CSV}

    def test_what_is_not_read_is_named(self, tmp_path: Path) -> None:
        locked, odd = bytearray(zipped({"secret.csv": CSV})), bytearray(zipped({"odd.csv": CSV}))
        patch(locked, flags=1)
        patch(odd, method=9)
        link = zipfile.ZipInfo("link.csv", LATER)
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
            archive.writestr(link, "a.csv")
        nested = {"in.zip": zipped({"a.csv": CSV}), "b.tar.gz": b"x", "c.7z": b"x", "d.csv": CSV}
        write(tmp_path, {"locked.zip": bytes(locked), "odd.zip": bytes(odd), "nested.zip": zipped(nested)})

        found = look(tmp_path)

        assert reasons(found) == {
            "link.zip/link.csv": "is a link in an archive, which is not followed",
            "locked.zip/secret.csv": "is protected by a password",
            "odd.zip/odd.csv": "is compressed in a way that is not read (deflate64)",
            "nested.zip/in.zip": "is an archive in an archive, which is not read",
            "nested.zip/b.tar.gz": "is an archive in an archive, which is not read",
            "nested.zip/c.7z": "is an archive in an archive, which is not read",
        }
        assert [one.name for one in found.unreadable] == ["locked.zip/secret.csv", "odd.zip/odd.csv"]
        assert [one.name for one in found.datasets] == ["d"]
        assert all(one.remedy for one in found.skipped)

    def test_a_delta_table_in_an_archive_is_not_read_as_its_files(self, tmp_path: Path) -> None:
        members = {"t/_delta_log/0.json": b"{}", "t/part-0.csv": CSV, "u.csv": CSV}
        write(tmp_path, {"a.zip": zipped(members), "b.zip": zipped({n[2:]: b for n, b in members.items()})})

        found = look(tmp_path)

        assert [one.name for one in found.datasets] == ["u"]
        assert reasons(found) == {
            "a.zip/t": "is a Delta table in an archive, which is not read",
            "b.zip/.": "is a Delta table in an archive, which is not read",
        }

    def test_what_is_called_zip_and_is_none_is_named(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            {
                "cut.zip": zipped({"a.csv": LONG})[:-40],
                "empty.zip": zipped({}),
                "folders.zip": zipped({"x/": b"", "__MACOSX/a.csv": CSV}),
                "text.zip": CSV,
                "nothing.zip": b"",
                "word.zip": zipped({"[Content_Types].xml": b"", "word/document.xml": b"x"}),
                "java.zip": zipped({"META-INF/MANIFEST.MF": b"", "a/B.class": b"x"}),
            },
        )

        found = look(tmp_path)

        assert reasons(found) == {
            "cut.zip": "is a damaged zip archive (File is not a zip file)",
            "empty.zip": "is an empty zip archive",
            "folders.zip": "is a zip archive without a visible file",
            "text.zip": "is called .zip but is no zip archive",
            "nothing.zip": "is empty",
            "word.zip": "is a Word document",
            "java.zip": "is a Java archive",
        }
        assert [one.name for one in found.unreadable] == ["cut.zip"]

    def test_a_workbook_that_is_called_zip_is_one_file(self, tmp_path: Path) -> None:
        write(tmp_path, {"book.zip": workbook()})
        (entry,) = source(tmp_path).survey(MANY).files
        assert (entry.name, entry.is_packed) == ("book.zip", False)

    def test_damage_inside_is_found(self, tmp_path: Path) -> None:
        content = bytearray(zipped({"a.csv": NOISE, "b.csv": CSV}))
        content[5000:5040] = b"\xaa" * 40
        write(tmp_path, {"a.zip": bytes(content)})
        with pytest.raises(DatasetUnreadable, match=r"a\.zip/a\.csv is a damaged member of a zip archive \("):
            unpack(tmp_path)

    def test_another_checksum_is_damage(self, tmp_path: Path) -> None:
        content = zipped({"a.csv": CSV}, zipfile.ZIP_STORED).replace(b"Anna", b"Anne")
        write(tmp_path, {"a.zip": content})
        with pytest.raises(DatasetUnreadable, match="its checksum is another one"):
            unpack(tmp_path)

    @pytest.mark.parametrize(("size", "words"), [(10, "longer than the directory says"), (99, "cut short")])
    def test_a_size_that_is_a_lie_is_damage(self, tmp_path: Path, size: int, words: str) -> None:
        content = bytearray(zipped({"a.csv": CSV}))
        patch(content, size=size)
        write(tmp_path, {"a.zip": bytes(content)})
        with pytest.raises(DatasetUnreadable, match=words):
            unpack(tmp_path)

    def test_two_thousand_members(self, tmp_path: Path) -> None:
        names = [f"part-{i:05}.csv" for i in range(2000)]
        write(tmp_path, {"a.zip": zipped(dict.fromkeys(names, CSV))})

        (table,) = look(tmp_path).datasets

        assert (table.name, len(table.files)) == ("a", 2000)
        assert set(unpack(tmp_path).values()) == {CSV}

    def test_the_limit_counts_members(self, tmp_path: Path) -> None:
        write(tmp_path, {f"{name}.zip": zipped({f"{i}.csv": CSV for i in range(4)}) for name in "abc"})

        found = look(tmp_path, 6)

        assert found.truncated
        assert [entry.name for entry in found.files] == [
            *(f"a.zip/{i}.csv" for i in range(4)),
            "b.zip/0.csv",
            "b.zip/1.csv",
        ]
        assert not look(tmp_path, 12).truncated

    def test_archives_of_a_delta_table_are_its_own_affair(self, tmp_path: Path) -> None:
        write(tmp_path, {"t/_delta_log/0.json": b"{}", "t/a.zip": zipped({"a.csv": CSV})})
        assert [entry.name for entry in look(tmp_path).files] == ["t/a.zip"]
