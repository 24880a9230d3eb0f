"""Tables that are damaged: what is wrong with them is named, and no row is lost in silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict

import pytest

from nuvyn_executor.profiling.scanner import SparkScanner
from nuvyn_executor.reading.first_rows import SparkRowPreviews
from tests.discovering import AVRO_SCHEMA, avro, write
from tests.installation import memory_installation, tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installation import Run

pytestmark = pytest.mark.spark


@pytest.fixture(name="site")
def _site(spark: Any) -> Any:
    return memory_installation(SparkScanner(spark), SparkRowPreviews(spark))


def unreadable(run: Run) -> Dict[str, str]:
    return {one["name"]: one["reason"] for one in run.details["unreadable"]}


class TestDelta:
    """Issue: "Delta's unknown reader feature (the log names it); a Delta data file that is gone for good" """

    def test_what_is_wrong_is_named(self, site: Any, spark: Any, tmp_path: Path) -> None:
        for name in ("feature", "gone", "good", "log", "pages", "protocol"):
            spark.range(10).coalesce(1).write.format("delta").save(str(tmp_path / name))
        files = {name: next((tmp_path / name).glob("part-*.parquet")) for name in ("gone", "pages")}
        files["gone"].unlink()
        files["pages"].write_bytes(files["pages"].read_bytes()[:100])
        features = {"readerFeatures": ["superVectors"], "writerFeatures": ["superVectors"]}
        self.spoil(tmp_path / "feature", {"minReaderVersion": 3, "minWriterVersion": 7, **features})
        self.spoil(tmp_path / "protocol", {"minReaderVersion": 9, "minWriterVersion": 9})
        (tmp_path / "log" / "_delta_log" / f"{0:020}.json").write_text("{no json\n", encoding="utf-8")
        for path in tmp_path.rglob(".*.crc"):
            path.unlink()

        run = site.run("quality_assessment", tmp_path)

        assert unreadable(run) == {
            "feature": "feature could not be read: it needs superVectors, which this Delta does not read.",
            "gone": f"gone could not be read: its log names the file {files['gone'].name}, which is gone.",
            "log": "log could not be read: its log is damaged.",
            "pages": f"pages could not be read: its file {files['pages'].name} is damaged.",
            "protocol": "protocol could not be read: its protocol is one that this Delta does not read.",
        }
        assert list(tables(site)) == ["good"]
        assert all("remove it" not in one["remedy"] for one in run.details["unreadable"])

    @staticmethod
    def spoil(table: Path, protocol: Dict[str, Any]) -> None:
        log = table / "_delta_log" / f"{0:020}.json"
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        changed = [{"protocol": protocol} if "protocol" in line else line for line in lines]
        log.write_text("".join(f"{json.dumps(line)}\n" for line in changed), encoding="utf-8")


class TestRowsDeclared:
    """Issue: "Rows read against rows declared, for every columnar file: a difference makes it unreadable by
    name."
    """

    @pytest.mark.parametrize("codec", ["none", "zlib", "snappy"])
    def test_of_orc_its_footer_says(self, site: Any, spark: Any, tmp_path: Path, codec: str) -> None:
        frame = spark.range(25).coalesce(1)
        frame.write.option("compression", codec).orc(str(tmp_path / ".made"))
        (part,) = (tmp_path / ".made").glob("part-*.orc")
        content = part.read_bytes()
        write(tmp_path, {"good.orc": content})
        if codec == "none":
            at = content.rindex(b"\x30\x19")  # field 6 of the footer: 25 rows
            write(tmp_path, {"less.orc": content[:at] + b"\x30\x18" + content[at + 2 :]})
        run = site.run("quality_assessment", tmp_path)
        assert {name: row["row_count"] for name, row in tables(site).items()} == {"good": 25}
        says = {"less.orc": "less.orc says that it has 24 rows, and 25 can be read: it is damaged."}
        assert unreadable(run) == (says if codec == "none" else {})

    def test_avro_that_is_damaged_is_never_read_in_part(self, site: Any, tmp_path: Path) -> None:
        """Avro has no footer: each block says how many rows it has, and Spark itself compares."""
        blocks = [(3, b"\x02\x04\x06"), (3, b"\x08\x0a\x0c")]
        good = avro(AVRO_SCHEMA, *blocks)
        write(
            tmp_path,
            {
                "good.avro": good,
                "sync.avro": good.replace(
                    bytes(range(200, 216)) + b"\x06\x06\x08", b"\0" * 16 + b"\x06\x06\x08"
                ),
                "more.avro": avro(AVRO_SCHEMA, blocks[0], (4, b"\x08\x0a\x0c")),
                "less.avro": avro(AVRO_SCHEMA, (2, b"\x02\x04\x06"), blocks[1]),
                "short.avro": good[:-20] + good[-16:],
            },
        )
        run = site.run("quality_assessment", tmp_path)
        assert sorted(unreadable(run)) == ["less.avro", "more.avro", "short.avro", "sync.avro"]
        assert {name: row["row_count"] for name, row in tables(site).items()} == {"good": 6}
