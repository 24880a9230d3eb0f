"""Node types and runtimes: what a client finds that chooses by size."""

from __future__ import annotations

import re

import pytest

from fake_databricks.clusters.node_types import NODE_TYPES, check_node_type
from fake_databricks.clusters.runtimes import RUNTIMES, runtime_of
from fake_databricks.errors import InvalidParameter


class TestNodeTypes:
    """Node types as a small truthful table of the clouds' common names"""

    @pytest.mark.parametrize(
        ("name", "cores", "gigabytes", "category"),
        [
            ("m5d.large", 2, 8, "General Purpose"),
            ("r5.4xlarge", 16, 128, "Memory Optimized"),
            ("i3.xlarge", 4, 30.5, "Storage Optimized"),
            ("c5d.9xlarge", 36, 72, "Compute Optimized"),
            ("g4dn.xlarge", 4, 16, "GPU Accelerated"),
            ("Standard_DS3_v2", 4, 14, "General Purpose"),
            ("Standard_E8ds_v5", 8, 64, "Memory Optimized"),
            ("Standard_L8s_v3", 8, 64, "Storage Optimized"),
            ("Standard_F72s_v2", 72, 144, "Compute Optimized"),
            ("Standard_NC6s_v3", 6, 112, "GPU Accelerated"),
            ("n1-highmem-4", 4, 26, "Memory Optimized"),
            ("n1-standard-4", 4, 15, "General Purpose"),
            ("n2-standard-8", 8, 32, "General Purpose"),
            ("local.2", 2, 8, "General Purpose"),
        ],
    )
    def test_each_has_its_true_size(self, name: str, cores: int, gigabytes: float, category: str) -> None:
        found = NODE_TYPES[name]
        assert (found.cores, found.memory / 1024, found.category) == (cores, gigabytes, category)

    def test_disks_are_the_clouds_own(self) -> None:
        shown = {name: NODE_TYPES[name].view()["node_instance_type"] for name in ("i3.8xlarge", "m5.large")}
        assert (shown["i3.8xlarge"]["local_nvme_disks"], shown["i3.8xlarge"]["local_nvme_disk_size_gb"]) == (
            4,
            1900,
        )
        assert shown["m5.large"]["local_nvme_disks"] == 0

    def test_an_unknown_name_is_refused_with_those_that_are_close(self) -> None:
        check_node_type("m5.large")
        with pytest.raises(
            InvalidParameter, match=r"Node type Standard_DS3v2 is not supported. Was Standard_DS3"
        ):
            check_node_type("Standard_DS3v2")


class TestRuntimes:
    """`select_spark_version(long_term_support=True)`; unknown `spark_version` is refused"""

    def test_every_key_has_the_form_of_databricks(self) -> None:
        form = re.compile(r"\d+(\.\d)?\.x-((cpu|gpu)-ml-|photon-|aarch64-)?scala2\.1[23]")
        assert [key for key in RUNTIMES if not form.fullmatch(key)] == []
        assert RUNTIMES["15.4.x-scala2.12"] == "15.4 LTS (includes Apache Spark 3.5.0, Scala 2.12)"

    @pytest.mark.parametrize(
        ("asked", "meant"),
        [
            ("15.4.x-scala2.12", "15.4.x-scala2.12"),
            ("14.3.x-cpu-ml-scala2.12", "14.3.x-cpu-ml-scala2.12"),
            ("19.x-scala2.13", "19.x-scala2.13"),
            ("auto:latest", "19.x-scala2.13"),
            ("auto:latest-lts", "17.3.x-scala2.13"),
            ("auto:latest-lts-ml", "17.3.x-cpu-ml-scala2.13"),
        ],
    )
    def test_a_version_is_known(self, asked: str, meant: str) -> None:
        assert runtime_of(asked) == meant

    def test_another_is_refused(self) -> None:
        with pytest.raises(InvalidParameter, match=r"Invalid spark version 15\.4"):
            runtime_of("15.4")
