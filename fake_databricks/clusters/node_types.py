"""The node types of the three clouds that people use, with their true sizes. Data.

A cluster runs on this machine whatever its node type: the sizes are for clients that choose by them.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Iterator, Mapping

from fake_databricks.errors import InvalidParameter

GENERAL, MEMORY, STORAGE = "General Purpose", "Memory Optimized", "Storage Optimized"
COMPUTE, GPU = "Compute Optimized", "GPU Accelerated"
GIB = 1024
LOCAL = "local.2"


@dataclass(frozen=True)
class NodeType:
    """One node type; memory in MB, sizes of one disk in GB.

    Attributes:
        name: ``node_type_id``.
        category: what it is made for.
        cores: its virtual cores.
        memory: its memory.
        gpus: its graphics processors.
        disks: how many local disks it has, and the size of each.
        nvme: how many local NVMe disks it has, and the size of each.
        is_graviton: whether its processor is an ARM one of AWS.
        is_deprecated: whether newer ones have taken its place; a client chooses it last.
    """

    name: str
    category: str
    cores: int
    memory: int
    gpus: int = 0
    disks: tuple[int, int] = (0, 0)
    nvme: tuple[int, int] = (0, 0)
    is_graviton: bool = False
    is_deprecated: bool = False

    def view(self) -> dict[str, Any]:
        """Return it as clusters/list-node-types shows it."""
        return {
            "node_type_id": self.name,
            "instance_type_id": self.name,
            "memory_mb": self.memory,
            "num_cores": float(self.cores),
            "num_gpus": self.gpus,
            "description": "this machine" if self.name == LOCAL else self.name,
            "category": self.category,
            "is_deprecated": self.is_deprecated,
            "is_hidden": False,
            "is_graviton": self.is_graviton,
            "is_io_cache_enabled": bool(self.nvme[0]),
            "support_port_forwarding": self.name != LOCAL,
            "support_cluster_tags": True,
            "photon_driver_capable": not self.gpus and self.name != LOCAL,
            "photon_worker_capable": not self.gpus and self.name != LOCAL,
            "node_info": {
                "status": [],
                "available_core_quota": float(self.cores),
                "total_core_quota": float(self.cores),
            },
            "node_instance_type": {
                "instance_type_id": self.name,
                "local_disks": self.disks[0],
                "local_disk_size_gb": self.disks[1],
                "local_nvme_disks": self.nvme[0],
                "local_nvme_disk_size_gb": self.nvme[1],
            },
        }


_AWS_CORES = {
    "large": 2,
    "xlarge": 4,
    "2xlarge": 8,
    "4xlarge": 16,
    "8xlarge": 32,
    "9xlarge": 36,
    "12xlarge": 48,
    "16xlarge": 64,
    "18xlarge": 72,
    "24xlarge": 96,
}
_USUAL = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")
_UP_TO_16 = _USUAL[:-1]
_M5D = ((1, 75), (1, 150), (1, 300), (2, 300), (2, 600), (2, 900), (4, 600), (4, 900))
_M6GD = ((1, 118), (1, 237), (1, 474), (1, 950), (1, 1900), (2, 1425), (2, 1900))
# family: category, MB of memory for a core, sizes, local NVMe disks of each size
_AWS: Mapping[str, tuple[str, int, tuple[str, ...], tuple[tuple[int, int], ...]]] = {
    "m5": (GENERAL, 4 * GIB, _USUAL, ()),
    "m5a": (GENERAL, 4 * GIB, _USUAL, ()),
    "m5d": (GENERAL, 4 * GIB, _USUAL, _M5D),
    "m5n": (GENERAL, 4 * GIB, _USUAL, ()),
    "m6i": (GENERAL, 4 * GIB, _USUAL, ()),
    "m6id": (GENERAL, 4 * GIB, _UP_TO_16, _M6GD),
    "m6gd": (GENERAL, 4 * GIB, _UP_TO_16, _M6GD),
    "m7i": (GENERAL, 4 * GIB, _USUAL, ()),
    "m4": (GENERAL, 4 * GIB, ("large", "xlarge", "2xlarge", "4xlarge", "16xlarge"), ()),
    "m-fleet": (GENERAL, 4 * GIB, ("xlarge", "2xlarge", "4xlarge", "8xlarge"), ()),
    "r5": (MEMORY, 8 * GIB, _USUAL, ()),
    "r5a": (MEMORY, 8 * GIB, _USUAL, ()),
    "r5d": (MEMORY, 8 * GIB, _USUAL, _M5D),
    "r5n": (MEMORY, 8 * GIB, _USUAL, ()),
    "r6i": (MEMORY, 8 * GIB, _USUAL, ()),
    "r6id": (MEMORY, 8 * GIB, _UP_TO_16, _M6GD),
    "r6gd": (MEMORY, 8 * GIB, _UP_TO_16, _M6GD),
    "r3": (
        MEMORY,
        7808,
        ("xlarge", "2xlarge", "4xlarge", "8xlarge"),
        ((1, 80), (1, 160), (1, 320), (2, 320)),
    ),
    "r4": (MEMORY, 7808, ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"), ()),
    "r-fleet": (MEMORY, 8 * GIB, ("xlarge", "2xlarge", "4xlarge", "8xlarge"), ()),
    "c4": (COMPUTE, 1920, ("2xlarge", "4xlarge"), ()),
    "c5": (COMPUTE, 2 * GIB, ("xlarge", "2xlarge", "4xlarge", "9xlarge", "18xlarge"), ()),
    "c5d": (
        COMPUTE,
        2 * GIB,
        ("xlarge", "2xlarge", "4xlarge", "9xlarge", "18xlarge"),
        ((1, 100), (1, 200), (1, 400), (1, 900), (2, 900)),
    ),
    "c6i": (COMPUTE, 2 * GIB, _USUAL[1:], ()),
    "i3": (
        STORAGE,
        7808,
        ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"),
        ((1, 475), (1, 950), (1, 1900), (2, 1900), (4, 1900), (8, 1900)),
    ),
    "i3en": (
        STORAGE,
        8 * GIB,
        ("large", "xlarge", "2xlarge", "12xlarge", "24xlarge"),
        ((1, 1250), (1, 2500), (2, 2500), (4, 7500), (8, 7500)),
    ),
    "i4i": (
        STORAGE,
        8 * GIB,
        ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"),
        ((1, 468), (1, 937), (1, 1875), (1, 3750), (2, 3750), (4, 3750)),
    ),
}
_GRAVITON = ("m6gd", "r6gd")
_DEPRECATED = ("m4", "r3", "r4", "c4")
# name with {} for the cores: category, MB of memory for a core, cores, local disk in GB for a core
_AZURE: Mapping[str, tuple[str, int, tuple[int, ...], float]] = {
    "Standard_D{}_v3": (GENERAL, 4 * GIB, (4, 8, 16, 32, 64), 25),
    "Standard_D{}s_v3": (GENERAL, 4 * GIB, (4, 8, 16, 32, 64), 8),
    "Standard_D{}a_v4": (GENERAL, 4 * GIB, (4, 8, 16, 32, 64), 25),
    "Standard_D{}as_v4": (GENERAL, 4 * GIB, (4, 8, 16, 32, 64), 8),
    "Standard_D{}ds_v4": (GENERAL, 4 * GIB, (4, 8, 16, 32, 48, 64), 37.5),
    "Standard_D{}ds_v5": (GENERAL, 4 * GIB, (4, 8, 16, 32, 48, 64, 96), 37.5),
    "Standard_D{}ads_v5": (GENERAL, 4 * GIB, (4, 8, 16, 32, 48, 64, 96), 37.5),
    "Standard_E{}_v3": (MEMORY, 8 * GIB, (4, 8, 16, 32), 25),
    "Standard_E{}s_v3": (MEMORY, 8 * GIB, (4, 8, 16, 32), 16),
    "Standard_E{}ds_v4": (MEMORY, 8 * GIB, (4, 8, 16, 32, 48), 37.5),
    "Standard_E{}ds_v5": (MEMORY, 8 * GIB, (4, 8, 16, 32, 48, 64), 37.5),
    "Standard_E{}ads_v5": (MEMORY, 8 * GIB, (4, 8, 16, 32, 48, 64), 37.5),
    "Standard_F{}s": (COMPUTE, 2 * GIB, (4, 8, 16), 4),
    "Standard_F{}s_v2": (COMPUTE, 2 * GIB, (4, 8, 16, 32, 64, 72), 8),
}
_GCP: Mapping[str, tuple[str, int, tuple[int, ...]]] = {
    "n1-standard-{}": (GENERAL, 3840, (4, 8, 16, 32, 64, 96)),
    "n1-highmem-{}": (MEMORY, 6656, (4, 8, 16, 32, 64, 96)),
    "n2-standard-{}": (GENERAL, 4 * GIB, (4, 8, 16, 32, 48, 64, 80)),
    "n2-highmem-{}": (MEMORY, 8 * GIB, (4, 8, 16, 32, 48, 64, 80)),
    "n2-highcpu-{}": (COMPUTE, GIB, (16, 32, 64, 80)),
    "n2d-standard-{}": (GENERAL, 4 * GIB, (4, 8, 16, 32, 48, 64)),
    "n2d-highmem-{}": (MEMORY, 8 * GIB, (4, 8, 16, 32, 48, 64)),
    "e2-standard-{}": (GENERAL, 4 * GIB, (4, 8, 16, 32)),
    "e2-highmem-{}": (MEMORY, 8 * GIB, (4, 8, 16)),
    "c2-standard-{}": (COMPUTE, 4 * GIB, (4, 8, 16, 30, 60)),
}
_OTHERS = (
    NodeType(LOCAL, GENERAL, 2, 8 * GIB, disks=(1, 100)),
    *(
        NodeType(f"Standard_{name}_v2", category, cores, memory * GIB, disks=(1, disk))
        for name, category, cores, memory, disk in (
            ("D3", GENERAL, 4, 14, 200),
            ("D4", GENERAL, 8, 28, 400),
            ("D5", GENERAL, 16, 56, 800),
            ("DS3", GENERAL, 4, 14, 28),
            ("DS4", GENERAL, 8, 28, 56),
            ("DS5", GENERAL, 16, 56, 112),
            ("D12", MEMORY, 4, 28, 200),
            ("D13", MEMORY, 8, 56, 400),
            ("D14", MEMORY, 16, 112, 800),
            ("DS12", MEMORY, 4, 28, 56),
            ("DS13", MEMORY, 8, 56, 112),
            ("DS14", MEMORY, 16, 112, 224),
        )
    ),
    *(
        NodeType(f"Standard_L{cores}s", STORAGE, cores, cores * 8 * GIB, disks=(1, disk))
        for cores, disk in ((4, 678), (8, 1388), (16, 2807), (32, 5630))
    ),
    *(
        NodeType(
            f"Standard_L{cores}s_{version}",
            STORAGE,
            cores,
            cores * 8 * GIB,
            disks=(1, cores * 10),
            nvme=(cores // 8, 1788),
        )
        for version in ("v2", "v3")
        for cores in (8, 16, 32, 48, 64, 80)
    ),
    *(
        NodeType(name, GPU, cores, memory * GIB, gpus, nvme=(1, disk))
        for name, cores, memory, gpus, disk in (
            ("g4dn.xlarge", 4, 16, 1, 125),
            ("g4dn.2xlarge", 8, 32, 1, 225),
            ("g4dn.4xlarge", 16, 64, 1, 225),
            ("g4dn.8xlarge", 32, 128, 1, 900),
            ("g4dn.12xlarge", 48, 192, 4, 900),
            ("g5.xlarge", 4, 16, 1, 250),
            ("g5.2xlarge", 8, 32, 1, 450),
            ("g5.4xlarge", 16, 64, 1, 600),
            ("g5.8xlarge", 32, 128, 1, 900),
            ("g5.12xlarge", 48, 192, 4, 3800),
        )
    ),
    *(
        NodeType(f"Standard_{name}", GPU, cores, memory * GIB, gpus, disks=(1, disk))
        for name, cores, memory, gpus, disk in (
            ("NC4as_T4_v3", 4, 28, 1, 180),
            ("NC8as_T4_v3", 8, 56, 1, 360),
            ("NC16as_T4_v3", 16, 110, 1, 360),
            ("NC6s_v3", 6, 112, 1, 736),
            ("NC12s_v3", 12, 224, 2, 1474),
            ("NC24s_v3", 24, 448, 4, 2948),
        )
    ),
    NodeType("a2-highgpu-1g", GPU, 12, 85 * GIB, 1),
    NodeType("a2-highgpu-2g", GPU, 24, 170 * GIB, 2),
)


def _made() -> Iterator[NodeType]:
    for family, (category, memory, sizes, disks) in _AWS.items():
        for place, size in enumerate(sizes):
            cores = _AWS_CORES[size]
            nvme = disks[place] if disks else (0, 0)
            yield NodeType(
                f"{family}.{size}",
                category,
                cores,
                cores * memory,
                nvme=nvme,
                is_graviton=family in _GRAVITON,
                is_deprecated=family in _DEPRECATED,
            )
    for form, (category, memory, all_cores, disk) in _AZURE.items():
        for cores in all_cores:
            yield NodeType(form.format(cores), category, cores, cores * memory, disks=(1, int(cores * disk)))
    for form, (category, memory, all_cores) in _GCP.items():
        for cores in all_cores:
            yield NodeType(form.format(cores), category, cores, cores * memory)


NODE_TYPES: Mapping[str, NodeType] = {item.name: item for item in (*_OTHERS, *_made())}


def check_node_type(name: str) -> None:
    """Refuse a node type that is not in the table.

    Raises:
        InvalidParameter: with the names that are close to it.
    """
    if name not in NODE_TYPES:
        close = get_close_matches(name, NODE_TYPES, 3, 0.8)
        meant = f" Was {' or '.join(close)} meant?" if close else ""
        raise InvalidParameter(
            f"Node type {name[:60]} is not supported.{meant} clusters/list-node-types lists those that are."
        )
