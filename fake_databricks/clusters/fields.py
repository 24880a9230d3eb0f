"""Every field of a cluster and of an instance pool that Databricks knows, and how it is treated here. Data.

The fates are those of ``jobs/fields.py``. What is recorded is shown as it was sent: a cluster is a Python
environment on this machine, whatever its size, its disks and its zone.
"""

from __future__ import annotations

from typing import Mapping

from fake_databricks.request.values import Field

_TEXT, _INTEGER, _BOOLEAN = Field("text"), Field("integer"), Field("boolean")
_TEXTS = Field("list", each=_TEXT)


def _recorded(kind: str, parts: Mapping[str, Field] | None = None, *, choices: tuple[str, ...] = ()) -> Field:
    return Field(kind, "recorded", parts=parts, choices=choices)


def _texts(*names: str) -> dict[str, Field]:
    return dict.fromkeys(names, _TEXT)


def _integers(*names: str) -> dict[str, Field]:
    return dict.fromkeys(names, _INTEGER)


_MAP = Field("object", each=Field("scalar"))
_TAGS = Field("object", "recorded", each=Field("scalar"))
_AUTOSCALE = _recorded("object", _integers("min_workers", "max_workers"))
_FLEXIBILITY = _recorded("object", {"alternate_node_type_ids": _TEXTS, "aws_context_id": _TEXT})
_AWS = _recorded(
    "object",
    {
        "availability": _recorded("text", choices=("SPOT", "ON_DEMAND", "SPOT_WITH_FALLBACK")),
        "ebs_volume_type": _recorded("text", choices=("GENERAL_PURPOSE_SSD", "THROUGHPUT_OPTIMIZED_HDD")),
        **_texts("instance_profile_arn", "zone_id"),
        **_integers(
            "ebs_volume_count",
            "ebs_volume_iops",
            "ebs_volume_size",
            "ebs_volume_throughput",
            "first_on_demand",
            "spot_bid_price_percent",
        ),
    },
)
_AZURE = _recorded(
    "object",
    {
        "availability": _recorded(
            "text", choices=("SPOT_AZURE", "ON_DEMAND_AZURE", "SPOT_WITH_FALLBACK_AZURE")
        ),
        "capacity_reservation_group": _TEXT,
        "first_on_demand": _INTEGER,
        "log_analytics_info": _recorded(
            "object", _texts("log_analytics_primary_key", "log_analytics_workspace_id")
        ),
        "spot_bid_max_price": Field("number"),
    },
)
_GCP_AVAILABILITY = _recorded(
    "text", choices=("PREEMPTIBLE_GCP", "ON_DEMAND_GCP", "PREEMPTIBLE_WITH_FALLBACK_GCP")
)
_GCP = _recorded(
    "object",
    {
        "availability": _GCP_AVAILABILITY,
        **_texts("confidential_compute_type", "google_service_account", "zone_id"),
        **_integers("boot_disk_size", "first_on_demand", "local_ssd_count"),
        "use_preemptible_executors": _BOOLEAN,
    },
)
_PLACE = _recorded("object", {"destination": _TEXT})
_LOGS = _recorded(
    "object",
    {
        "dbfs": _PLACE,
        "volumes": _PLACE,
        "s3": _recorded(
            "object",
            {
                **_texts("destination", "canned_acl", "encryption_type", "endpoint", "kms_key", "region"),
                "enable_encryption": _BOOLEAN,
            },
        ),
    },
)
SECURITY_MODES = (
    "DATA_SECURITY_MODE_AUTO",
    "DATA_SECURITY_MODE_DEDICATED",
    "DATA_SECURITY_MODE_STANDARD",
    "LEGACY_PASSTHROUGH",
    "LEGACY_SINGLE_USER",
    "LEGACY_SINGLE_USER_STANDARD",
    "LEGACY_TABLE_ACL",
    "NONE",
    "SINGLE_USER",
    "USER_ISOLATION",
)

CLUSTER_FIELDS: Mapping[str, Field] = {
    "cluster_name": _TEXT,
    "spark_version": _TEXT,
    "spark_conf": _MAP,
    "spark_env_vars": _MAP,
    "node_type_id": _recorded("text"),
    "driver_node_type_id": _recorded("text"),
    "policy_id": _TEXT,
    "apply_policy_default_values": _BOOLEAN,
    "instance_pool_id": _TEXT,
    "driver_instance_pool_id": _TEXT,
    "num_workers": _recorded("integer"),
    "autoscale": _AUTOSCALE,
    "autotermination_minutes": _recorded("integer"),
    "aws_attributes": _AWS,
    "azure_attributes": _AZURE,
    "gcp_attributes": _GCP,
    "cluster_log_conf": _LOGS,
    "custom_tags": _TAGS,
    "data_security_mode": _recorded("text", choices=SECURITY_MODES),
    "dependency_mode": _recorded("text"),
    "driver_node_type_flexibility": _FLEXIBILITY,
    "worker_node_type_flexibility": _FLEXIBILITY,
    "enable_elastic_disk": _recorded("boolean"),
    "enable_local_disk_encryption": _recorded("boolean"),
    "is_single_node": _recorded("boolean"),
    "kind": _recorded("text", choices=("CLASSIC_PREVIEW",)),
    "remote_disk_throughput": _recorded("integer"),
    "runtime_engine": _recorded("text", choices=("NULL", "PHOTON", "STANDARD")),
    "single_user_name": _recorded("text"),
    "ssh_public_keys": Field("list", "recorded", each=_TEXT),
    "total_initial_remote_disk_size": _recorded("integer"),
    "use_ml_runtime": _recorded("boolean"),
    "workload_type": _recorded(
        "object", {"clients": _recorded("object", {"jobs": _BOOLEAN, "notebooks": _BOOLEAN})}
    ),
    "docker_image": Field("object", "refused", "no container is started here"),
    "init_scripts": Field("list", "refused", "no init script is run here"),
}
"""What clusters/create, edit and update take, and ``new_cluster`` of a job."""

CREATE_FIELDS: Mapping[str, Field] = {
    **CLUSTER_FIELDS,
    "clone_from": Field("object", parts={"source_cluster_id": _TEXT}),
}
EDIT_FIELDS: Mapping[str, Field] = {**CLUSTER_FIELDS, "cluster_id": _TEXT}

_POOL_DISK = _recorded(
    "object",
    {
        **_integers("disk_count", "disk_iops", "disk_size", "disk_throughput"),
        "disk_type": _recorded("object", _texts("azure_disk_volume_type", "ebs_volume_type")),
    },
)
POOL_FIELDS: Mapping[str, Field] = {
    "instance_pool_name": _TEXT,
    "node_type_id": _TEXT,
    "min_idle_instances": _recorded("integer"),
    "max_capacity": _recorded("integer"),
    "idle_instance_autotermination_minutes": _recorded("integer"),
    "aws_attributes": _recorded(
        "object",
        {
            "availability": _recorded("text", choices=("SPOT", "ON_DEMAND")),
            **_texts("instance_profile_arn", "zone_id"),
            "spot_bid_price_percent": _INTEGER,
        },
    ),
    "azure_attributes": _recorded(
        "object",
        {
            "availability": _recorded("text", choices=("SPOT_AZURE", "ON_DEMAND_AZURE")),
            "capacity_reservation_group": _TEXT,
            "spot_bid_max_price": Field("number"),
        },
    ),
    "gcp_attributes": _recorded(
        "object",
        {"gcp_availability": _GCP_AVAILABILITY, "local_ssd_count": _INTEGER, "zone_id": _TEXT},
    ),
    "custom_tags": _TAGS,
    "disk_spec": _POOL_DISK,
    "enable_elastic_disk": _recorded("boolean"),
    "node_type_flexibility": _FLEXIBILITY,
    "preloaded_spark_versions": Field("list", "recorded", each=_TEXT),
    "remote_disk_throughput": _recorded("integer"),
    "total_initial_remote_disk_size": _recorded("integer"),
    "preloaded_docker_images": Field("list", "refused", "no container is started here"),
}
POOL_EDITS = (
    "instance_pool_name",
    "node_type_id",
    "min_idle_instances",
    "max_capacity",
    "idle_instance_autotermination_minutes",
    "custom_tags",
    "node_type_flexibility",
    "remote_disk_throughput",
    "total_initial_remote_disk_size",
)
"""What instance-pools/edit replaces; the rest of a pool stays as it was created."""

POLICY_FIELDS: Mapping[str, Field] = {
    "name": _TEXT,
    "definition": _TEXT,
    "description": _recorded("text"),
    "libraries": Field("list", each=Field("object")),
    "max_clusters_per_user": _INTEGER,
    "policy_family_id": Field("text", "refused", "there are no policy families here; send the definition"),
    "policy_family_definition_overrides": Field(
        "text", "refused", "there are no policy families here; send the definition"
    ),
}
