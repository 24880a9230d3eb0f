"""``parse_parameters``: the meaning of the guide's calls, and the sentences for wrong ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nuvyn_executor.discovery.formats import source_type_named
from nuvyn_executor.errors import UsageError
from nuvyn_executor.model import JobRequest, JobType, SourceType
from nuvyn_executor.parameters import JOB_TYPES, parse_parameters
from nuvyn_executor.source_list import SOURCE_TYPES


class TestParseParameters:
    """`nuvyn-executor metadata_extraction <data_source_path> [source_type] [tenant_id]`."""

    def test_reads_the_guides_four_parameters(self) -> None:
        parsed = parse_parameters(["metadata_extraction", "/dbfs/mnt/client-data/", "csv", "client-123"])
        assert parsed == JobRequest(
            JobType.METADATA_EXTRACTION, "/dbfs/mnt/client-data/", source_type_named("csv"), "client-123"
        )

    def test_source_type_is_auto_and_tenant_is_default_when_left_out(self) -> None:
        parsed = parse_parameters(["data_reading", "/data"])
        assert (parsed.source_type, parsed.tenant_id) == (SourceType.AUTO, "default")

    def test_empty_parameters_count_as_left_out(self) -> None:
        assert parse_parameters(["data_reading", "/data", "", " "]) == JobRequest(
            JobType.DATA_READING, "/data"
        )

    @pytest.mark.parametrize("job_type", ["schema_validation", "api_transmission"])
    def test_jobs_without_a_source_ignore_a_path(self, job_type: str) -> None:
        assert parse_parameters([job_type, "/data", "csv", "t"]).data_source_path is None
        assert parse_parameters([job_type]).data_source_path is None

    @pytest.mark.parametrize(
        ("argv", "named"),
        [
            ([], "No job type was given"),
            (["schema_validate"], "Did you mean schema_validation?"),
            (["metadata-extraction", "/x"], "Did you mean metadata_extraction?"),
            (["zzz"], "Known are schema_validation, metadata_extraction"),
            (["full_pipeline"], "full_pipeline needs a data source path"),
            (["full_pipeline", "  "], "full_pipeline needs a data source path"),
            (["data_reading", "/x", "parqet"], "Did you mean parquet?"),
            (["data_reading", "/x", "csv", "t", "more"], "'more' is one too many"),
            (["data_reading", "/x/\udcff"], "data_source_path is not UTF-8"),
            (["data_reading", "/x", "csv", "t\udcff"], "tenant_id is not UTF-8"),
        ],
    )
    def test_a_wrong_call_is_told_what_is_wrong_and_what_to_do(self, argv: list[str], named: str) -> None:
        with pytest.raises(UsageError) as raised:
            parse_parameters(argv)
        assert named in str(raised.value)
        assert raised.value.remedy
        assert raised.value.exit_code == 2

    @given(
        st.sampled_from(JOB_TYPES),
        st.text(min_size=1).filter(lambda path: bool(path.strip())),
        st.sampled_from(SOURCE_TYPES),
        st.text(min_size=1).filter(lambda tenant: bool(tenant.strip())),
    )
    def test_every_well_formed_call_is_understood(
        self, job: str, path: str, source: str, tenant: str
    ) -> None:
        parsed = parse_parameters([job, path, source, tenant])
        assert (parsed.job_type.value, parsed.source_type.value, parsed.tenant_id) == (
            job,
            source,
            tenant.strip(),
        )
        assert parsed.data_source_path == (path.strip() if parsed.job_type.needs_source else None)

    @given(st.lists(st.text(), max_size=6))
    def test_any_other_call_is_a_usage_error_and_nothing_else(self, argv: list[str]) -> None:
        try:
            parse_parameters(argv)
        except UsageError as error:
            said = error.message
        else:
            return
        assert said
