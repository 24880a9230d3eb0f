"""A folder of every kind of file, surveyed once by ``full_pipeline`` on real Spark; tables in memory."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Tuple

import openpyxl
import pytest

from nuvyn_executor.model import RunStatus
from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from nuvyn_executor.schema.tables import COLUMNS, TABLES
from tests.installation import Installation, Run, memory_installation

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession

Types = List[Tuple[str, str]]
PEOPLE = [("1", "Jürgen", "2024-01-31"), ("2", "Zoë", "2024-02-29"), ("3", "Anna", "2024-03-01")]


def separated(delimiter: str, *, header: bool = True) -> str:
    rows = [("id", "name", "born"), *PEOPLE] if header else PEOPLE
    return "".join(delimiter.join(row) + "\n" for row in rows)


PEOPLE_TYPES: Types = [("id", "bigint"), ("name", "string"), ("born", "date")]
# file, its bytes, the rows and the columns that it has
CSV_FILES: Mapping[str, Tuple[bytes, int, Types]] = {
    "comma.csv": (separated(",").encode(), 3, PEOPLE_TYPES),
    "semicolon.csv": (separated(";").encode(), 3, PEOPLE_TYPES),
    "tab.tsv": (separated("\t").encode(), 3, PEOPLE_TYPES),
    "pipe.csv": (separated("|").encode(), 3, PEOPLE_TYPES),
    "headerless.csv": (
        separated(",", header=False).encode(),
        3,
        [("_c0", "bigint"), ("_c1", "string"), ("_c2", "date")],
    ),
    "bom.csv": (separated(",").encode("utf-8-sig"), 3, PEOPLE_TYPES),
    "utf16.csv": (separated(",").encode("utf-16"), 3, PEOPLE_TYPES),
    "latin1.csv": (separated(",").encode("latin-1"), 3, PEOPLE_TYPES),
    "zipped.csv.gz": (gzip.compress(separated(",").encode()), 3, PEOPLE_TYPES),
    "quoted.csv": (
        b'id,note\n1,"two\nlines"\n2,"a, comma"\n3,"a ""quote"""\n4,plain\n',
        4,
        [("id", "bigint"), ("note", "string")],
    ),
    "windows.csv": (b"id,word\r\n1,one\r\n2,two\r\n", 2, [("id", "bigint"), ("word", "string")]),
    "no_newline.csv": (b"id,word\n1,one\n2,two", 2, [("id", "bigint"), ("word", "string")]),
    "header_only.csv": (b"id,word\n", 0, [("id", "string"), ("word", "string")]),
    "amounts.csv": (b"id;amount\n1;3,50\n2;12,99\n3;-1,05\n", 3, [("id", "bigint"), ("amount", "double")]),
    "careful.csv": (
        b"number,code,phone,day,moment,flag,mixed\n"
        + b"".join(
            f"{n},{n:06d},+4400000{n:05d},2024-01-{1 + n % 28:02d},2024-01-01T10:00:{n % 60:02d}Z,"
            f"{'true' if n % 2 else 'false'},{n if n != 77 else 'oops'}\n".encode()
            for n in range(1, 200)
        ),
        199,
        [
            ("number", "bigint"),
            ("code", "string"),
            ("phone", "string"),
            ("day", "date"),
            ("moment", "timestamp"),
            ("flag", "boolean"),
            ("mixed", "bigint"),
        ],
    ),
    "odd_names.csv": (
        "a.b,with blank,back`tick,a.b,🚀,A.B, \n1,2,3,4,5,6,7\n".encode(),
        1,
        [(name, "bigint") for name in ("a.b", "with blank", "back`tick", "a.b", "🚀", "A.B", "_c6")],
    ),
    "below/and deeper/nested #1 [x].csv": (separated(",").encode(), 3, PEOPLE_TYPES),
}
OTHERS: Mapping[str, Tuple[str, int, Types]] = {
    # table: format, rows, columns
    "lines": (
        "json",
        3,
        [("id", "bigint"), ("who.name", "string"), ("who.born", "date"), ("tags", "string")],
    ),
    "document": ("json", 2, [("id", "bigint"), ("word", "string")]),
    "book.People": ("excel", 3, PEOPLE_TYPES),
    "book.Second sheet": ("excel", 1, [("key", "string"), ("value", "double")]),
    "single": ("parquet", 3, [("id", "bigint"), ("name", "string")]),
    "parts": ("parquet", 4, [("id", "bigint"), ("name", "string")]),
    "tree": ("parquet", 4, [("id", "bigint"), ("name", "string"), ("year", "int"), ("month", "int")]),
    "stock": ("delta", 5, [("id", "bigint"), ("name", "string")]),
    "odd": ("parquet", 1, [(name, "int") for name in ("a.b", "with blank", "back`tick", "s.x", "s.y.z")]),
}
SKIPPED = ("empty.csv", "paper.pdf", "picture.csv")
UNREADABLE = ("broken.parquet",)


@pytest.fixture(name="zoo", scope="module")
def _zoo(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    zoo = tmp_path_factory.mktemp("zoo")
    for name, (content, _, _) in CSV_FILES.items():
        (zoo / name).parent.mkdir(parents=True, exist_ok=True)
        (zoo / name).write_bytes(content)
    records = [
        {"id": int(key), "who": {"name": name, "born": born}, "tags": ["a", name]}
        for key, name, born in PEOPLE
    ]
    (zoo / "lines.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    (zoo / "document.json").write_text(
        json.dumps([{"id": 1, "word": "one"}, {"id": 2, "word": None}], indent=1)
    )
    _write_workbook(zoo / "book.xlsx")
    _write_tables(spark, zoo)
    (zoo / "broken.parquet").write_bytes((zoo / "single.parquet").read_bytes()[:-40])
    (zoo / "empty.csv").write_bytes(b"")
    (zoo / "paper.pdf").write_bytes(b"%PDF-1.7\n...")
    (zoo / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)))
    for hidden in (".hidden.csv", "_aside.csv", "_temporary/part-00000.csv", ".git/x.csv"):
        (zoo / hidden).parent.mkdir(exist_ok=True)
        (zoo / hidden).write_text("id\n1\n")
    return zoo


def _write_workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    people = book.create_sheet("People")
    people.append(["id", "name", "born"])
    for key, name, born in PEOPLE:
        people.append([int(key), name, dt.date.fromisoformat(born)])
    second = book.create_sheet("Second sheet")
    second.append(["key", "value"])
    second.append(["a", 1.5])
    book.create_sheet("Nothing")
    book.save(path)


def _write_tables(spark: SparkSession, zoo: Path) -> None:
    rows = spark.range(4).selectExpr("id", "concat('n', id) AS name", "2024 AS year", "int(id) % 2 AS month")
    rows.select("id", "name").limit(3).coalesce(1).write.parquet(str(zoo / ".one"))
    (part,) = (zoo / ".one").glob("part-*.parquet")
    part.rename(zoo / "single.parquet")
    rows.select("id", "name").repartition(2).write.parquet(str(zoo / "parts"))
    rows.coalesce(1).write.partitionBy("year", "month").parquet(str(zoo / "tree"))
    stock = rows.select("id", "name").coalesce(1)
    stock.write.format("delta").save(str(zoo / "stock"))
    stock.limit(1).write.format("delta").mode("append").save(str(zoo / "stock"))
    struct = "named_struct('x', 4, 'y', named_struct('z', 5)) AS s"
    odd = spark.range(1).selectExpr("1 AS `a.b`", "2 AS `with blank`", "3 AS `back``tick`", struct)
    odd.coalesce(1).write.parquet(str(zoo / "odd"))


@pytest.fixture(name="new_site", scope="module")
def _new_site(spark: SparkSession) -> Callable[[], Installation]:
    return lambda: memory_installation(SparkScanner(spark), SparkRowPreviews(spark))


@pytest.fixture(name="site", scope="module")
def _site(new_site: Callable[[], Installation]) -> Installation:
    return new_site()


@pytest.fixture(name="run", scope="module")
def _run(site: Installation, zoo: Path) -> Run:
    return site.run("full_pipeline", zoo)


@pytest.fixture(name="tables", scope="module")
def _tables(site: Installation, run: Run) -> Mapping[str, Dict[str, Any]]:
    assert run.exit_code == 0, run.log
    return {row["table_name"]: row for row in site.rows(TABLES)}


@pytest.fixture(name="columns", scope="module")
def _columns(site: Installation, tables: Mapping[str, Any]) -> Mapping[str, List[Dict[str, Any]]]:
    rows = sorted(site.rows(COLUMNS), key=lambda row: int(row["ordinal_position"]))
    return {
        name: [row for row in rows if row["table_id"] == table["table_id"]] for name, table in tables.items()
    }


@pytest.fixture(name="shown", scope="module")
def _shown(run: Run) -> Mapping[str, str]:
    sample = run.details["data_reading"]["sample_data"]
    return {name: one["preview"] for name, one in sample.items()}


def table_of(name: str) -> str:
    return name.rpartition("/")[2].replace(".gz", "").rpartition(".")[0]


class TestWhatIsRead:
    """Here: `csv`, `parquet`, `json`, `excel`, `delta`; folders, nested folders."""

    @pytest.mark.parametrize("name", CSV_FILES)
    def test_rows_and_columns_of_a_csv_file(
        self, tables: Mapping[str, Any], columns: Mapping[str, Any], name: str
    ) -> None:
        _, rows, types = CSV_FILES[name]
        table = tables[table_of(name)]
        assert (table["file_format"], table["row_count"]) == ("csv", rows)
        assert [(one["column_name"], one["data_type"]) for one in columns[table_of(name)]] == types
        assert json.loads(table["details"])["corrupt_rows"] == 0

    @pytest.mark.parametrize("name", OTHERS)
    def test_rows_and_columns_of_another_format(
        self, tables: Mapping[str, Any], columns: Mapping[str, Any], name: str
    ) -> None:
        file_format, rows, types = OTHERS[name]
        assert (tables[name]["file_format"], tables[name]["row_count"]) == (file_format, rows)
        assert [(one["column_name"], one["data_type"]) for one in columns[name]] == types

    def test_part_files_a_tree_and_a_delta_table_are_one_each(self, tables: Mapping[str, Any]) -> None:
        assert {name: tables[name]["file_count"] for name in ("parts", "tree", "stock")} == {
            "parts": 2,
            "tree": 2,
            "stock": 2,
        }

    def test_nothing_else_is_a_table(self, tables: Mapping[str, Any]) -> None:
        assert set(tables) == {*map(table_of, CSV_FILES), *OTHERS}

    def test_a_nested_table_tells_its_folder(self, tables: Mapping[str, Any]) -> None:
        assert tables["nested #1 [x]"]["schema_name"] == "below/and deeper"

    @pytest.mark.parametrize("name", ["latin1", "utf16", "bom", "zipped", "comma"])
    def test_letters_arrive_whole_in_every_encoding(self, columns: Mapping[str, Any], name: str) -> None:
        assert [one["sample_value"] for one in columns[name]] == ["1", "Jürgen", "2024-01-31"]

    def test_one_bad_value_is_an_invalid_value_and_not_a_text_column(
        self, columns: Mapping[str, Any]
    ) -> None:
        mixed = columns["careful"][-1]
        assert (mixed["data_type"], json.loads(mixed["details"])["invalid"]) == ("bigint", 1)

    def test_numbers_have_a_minimum_and_a_maximum(self, columns: Mapping[str, Any]) -> None:
        details = json.loads(columns["careful"][0]["details"])
        assert (details["minimum"], details["maximum"]) == (1, 199)

    def test_two_columns_of_one_name_are_two_rows(self, columns: Mapping[str, Any]) -> None:
        ids = [one["column_id"] for one in columns["odd_names"]]
        assert len(set(ids)) == len(ids) == 7

    def test_headers_alone_are_unknown(self, tables: Mapping[str, Any]) -> None:
        assert tables["header_only"]["quality_level"] == "Unknown"
        assert tables["header_only"]["overall_score"] is None


class TestWhatIsNot:
    """A corrupt file is reported by name and does not stop the others; hidden and `_` files are skipped."""

    def test_the_run_is_partial_and_names_what_could_not_be_read(self, run: Run) -> None:
        assert (run.exit_code, run.status) == (0, RunStatus.PARTIAL)
        found = run.details["metadata_extraction"]["details"]
        assert [one["name"] for one in found["unreadable"]] == list(UNREADABLE)
        assert sorted(one["name"] for one in found["skipped"]) == sorted(SKIPPED)
        assert all(one["reason"] and one["remedy"] for one in [*found["unreadable"], *found["skipped"]])

    def test_hidden_files_are_not_even_listed(self, run: Run) -> None:
        found = run.details["metadata_extraction"]
        files = len(CSV_FILES) + 3 + 1 + 2 + 2 + 2 + 1 + len(SKIPPED) + len(UNREADABLE)
        assert found["files_found"] == files
        assert "hidden" not in run.log
        assert "_aside" not in run.log


class TestWhatIsShown:
    """First 2 KB of each file (as text; of binary formats the first rows as CSV)."""

    def test_a_text_is_shown_as_it_is(self, shown: Mapping[str, str]) -> None:
        for name in ("comma.csv", "utf16.csv", "latin1.csv", "bom.csv", "zipped.csv.gz"):
            assert shown[name] == separated(",")

    @pytest.mark.parametrize("name", ["single.parquet", "book.xlsx"])
    def test_rows_of_a_binary_format_are_shown_as_csv(self, shown: Mapping[str, str], name: str) -> None:
        first = {"single.parquet": "id,name\n0,n0\n", "book.xlsx": "id,name,born\n1,Jürgen,2024-01-31"}
        assert shown[name].startswith(first[name])

    def test_every_preview_is_bounded(self, shown: Mapping[str, str]) -> None:
        assert max(len(text.encode()) for text in shown.values()) <= 2048


class TestWhereToLook:
    """Folders, single files, globs; a wrong explicit type says so."""

    @pytest.mark.parametrize(
        ("path", "source_type", "names"),
        [
            ("comma.csv", "auto", {"comma"}),
            ("comma.csv", "csv", {"comma"}),
            ("c*a.csv", "auto", {"comma"}),
            ("s[ei]*.*", "auto", {"semicolon", "single"}),
            ("below/**/*.csv", "auto", {"nested #1 [x]"}),
            ("book.xlsx", "excel", {"book.People", "book.Second sheet"}),
            ("stock", "delta", {"stock"}),
            ("parts", "parquet", {"parts"}),
            ("tree", "parquet", {"tree"}),
            ("below", "azure_blob", {"nested #1 [x]"}),
        ],
    )
    def test_a_path_of_any_kind(
        self, new_site: Callable[[], Installation], zoo: Path, path: str, source_type: str, names: set[str]
    ) -> None:
        run = new_site().run("metadata_extraction", zoo / path, source_type)
        assert run.exit_code == 0, run.log
        assert set(run.names("tables")) == names
        expected = [*{k: v[1] for k, v in OTHERS.items()}.items()]
        expected += [(table_of(name), rows) for name, (_, rows, _) in CSV_FILES.items()]
        assert {one["name"]: one["rows"] for one in run.details["tables"]} == {
            name: rows for name, rows in expected if name in names
        }

    def test_a_spelling_with_a_scheme_is_the_same_file(
        self, new_site: Callable[[], Installation], zoo: Path
    ) -> None:
        for spelling in (f"file:{zoo}/comma.csv", f"file://{zoo}/comma.csv"):
            assert new_site().run("metadata_extraction", spelling).names("tables") == ["comma"]

    def test_a_restricted_type_leaves_the_others_out_by_name(
        self, new_site: Callable[[], Installation], zoo: Path
    ) -> None:
        run = new_site().run("metadata_extraction", zoo / "[pst]*", "delta")
        assert run.names("tables") == ["stock"]
        assert "is parquet, not delta" in str(run.details["skipped"])

    @pytest.mark.parametrize(
        "content",
        [b"PAR1 not really PAR1", b"PAR1" + bytes(range(99)) + b"\x10\0\0\0PAR1", b"id,word\n1,one\n"],
    )
    def test_a_file_that_only_claims_to_be_parquet_is_no_parquet(
        self, new_site: Callable[[], Installation], tmp_path: Path, content: bytes
    ) -> None:
        (tmp_path / "x.parquet").write_bytes(content)
        run = new_site().run("metadata_extraction", tmp_path, "parquet")
        assert run.exit_code == 1
        assert "x.parquet" in run.error["message"]
        said = run.error["message"]
        assert "intact" in said or "damaged" in said or "is csv, not parquet" in said
