"""One source has one id, however its path is spelled."""

from __future__ import annotations

import pytest

from nuvyn_executor.metadata.table_rows import source_id


@pytest.mark.parametrize(
    "spellings",
    [
        ("/dbfs/mnt/x", "/dbfs/mnt/x/", "dbfs:/mnt/x", "dbfs:///mnt/x", "DBFS:/mnt/x"),
        ("/Volumes/main/default/x", "dbfs:/Volumes/main/default/x", "dbfs:///Volumes/main/default/x/"),
        ("/data/x", "file:/data/x", "file:///data/x", "file://localhost/data/x/"),
        ("s3://bucket/x", "s3://bucket/x/"),
    ],
)
def test_spellings_of_one_path_are_one_source(spellings: tuple[str, ...]) -> None:
    assert len({source_id("acme", one) for one in spellings}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/dbfs/x", "/x"),
        ("/dbfs/Volumes2/x", "/Volumes2/x"),
        ("/data/x", "data/x"),
        ("s3://a/x", "s3://b/x"),
        ("s3://bucket/x", "s3a://bucket/x/y"),
    ],
)
def test_other_paths_are_others(one: str, other: str) -> None:
    assert source_id("acme", one) != source_id("acme", other)


def test_the_id_of_a_plain_path_is_the_one_of_before() -> None:
    """Ids are stored: a path keeps its own from version to version."""
    assert source_id("acme", "/dbfs/mnt/sales/") == source_id("acme", "dbfs:/mnt/sales")
    assert source_id("client-123", "/Volumes/main/default/sales") == "6d077130c853ac777f7ef53b2ac1ea7a"
