"""The one SQL warehouse of a workspace. Data."""

from __future__ import annotations

from typing import Any, Mapping

WAREHOUSE_ID = "fa4e000000000001"
WAREHOUSE: Mapping[str, Any] = {"cluster_name": "warehouse", "spark_version": "auto:latest-lts"}
"""The settings of the cluster that stands for it, which is in no list of clusters."""
