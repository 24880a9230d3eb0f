"""What the executor reads from its environment, and what it refuses."""

from __future__ import annotations

import dataclasses
import logging
import os
from typing import ClassVar, Dict, List, Optional

import pytest

from nuvyn_executor.config import ConfigManager, databricks_secrets, secret_scope
from nuvyn_executor.errors import ConfigError
from nuvyn_executor.redaction import Secret
from nuvyn_executor.settings import SETTINGS, Settings

KEY = "nv-0123456789"
NAMES = tuple(setting.name for setting in SETTINGS)


def load(**environ: str) -> Settings:
    return ConfigManager({"HOME": "/home/anna", **environ}).load()


def refused(**environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(**environ)
    return str(caught.value)


class TestDefaults:
    """ConfigManager (loads environment variables)."""

    def test_an_empty_environment_gives_every_default(self) -> None:
        assert load() == Settings(
            workspace_url=None,
            api_endpoint=None,
            api_key=None,
            azure_storage_connection_string=None,
            aws_access_key_id=None,
            aws_secret_access_key=None,
            aws_session_token=None,
            azure_storage_account_key=None,
            azure_storage_sas_token=None,
            azure_client_secret=None,
            source_retry_seconds=60,
            database_user=None,
            database_password=None,
            database_connections=4,
            database_timeout_seconds=3600,
            job_payload=None,
            sources_at_once=2,
            dbfs_root=None,
            volumes_root=None,
            spool_dir=None,
            null_markers=None,
            follow_links=False,
            max_unpacked_mb=100_000,
            max_unpacked_ratio=200,
            max_record_mb=64,
            log_level="INFO",
            schema_name="_executor_metadata",
            max_files_per_job=10_000,
            engine="auto",
            full_scan=False,
            datasets_at_once=4,
            time_budget_seconds=None,
            sample_rows=None,
            data_contract=None,
            max_preview_files=100,
            max_payload_mb=5,
            send_samples=False,
            full_transmission=False,
            report_path=None,
            api_timeout_seconds=30,
            api_retry_seconds=120,
            warehouse_dir="/home/anna/.nuvyn-executor/warehouse",
            delta_jars=None,
            driver_memory="2g",
            java_options=None,
            secret_scope="nuvyn-executor",
        )

    def test_an_empty_or_blank_variable_counts_as_unset(self) -> None:
        assert load(**dict.fromkeys(NAMES, " ")) == load(**dict.fromkeys(NAMES, "")) == load()

    def test_a_payload_megabyte_has_a_million_bytes(self) -> None:
        assert load().max_payload_bytes == 5_000_000
        assert load(EXECUTOR_MAX_PAYLOAD_MB="0.5").max_payload_bytes == 500_000

    def test_settings_cannot_be_changed(self) -> None:
        with pytest.raises(dataclasses.FrozenInstanceError):
            load().log_level = "DEBUG"  # type: ignore[misc]  # the refusal is what is tested

    def test_without_a_home_in_the_environment_the_systems_is_taken(self) -> None:
        assert ConfigManager({"EXECUTOR_WAREHOUSE_DIR": "/w"}).load().warehouse_dir == "/w"
        assert ConfigManager({}).load().warehouse_dir == os.path.expanduser("~/.nuvyn-executor/warehouse")  # noqa: PTH111  as config.py


class TestValues:
    """Set these in Databricks cluster environment or use Databricks Secrets."""

    def test_the_variables_of_the_guide_are_taken(self) -> None:
        settings = load(
            DATABRICKS_WORKSPACE_URL="https://your-workspace.databricks.com",
            NUVYN_API_ENDPOINT="https://your-platform-api.com",
            NUVYN_API_KEY="your-secure-api-key",
            AZURE_STORAGE_CONNECTION_STRING="DefaultEndpointsProtocol=https;AccountKey=x",
            AWS_ACCESS_KEY_ID="AKIAX",
            AWS_SECRET_ACCESS_KEY="abc/def",
        )
        assert settings.workspace_url == "https://your-workspace.databricks.com"
        assert settings.api_endpoint == "https://your-platform-api.com"
        assert settings.secrets() == (
            "your-secure-api-key",
            "DefaultEndpointsProtocol=https;AccountKey=x",
            "AKIAX",
            "abc/def",
        )

    @pytest.mark.parametrize(
        ("given", "taken"),
        [
            ("https://p.example.com/", "https://p.example.com"),
            ("http://127.0.0.1:8080/base//", "http://127.0.0.1:8080/base"),
            ("https://p.example.com/api/metadata/", "https://p.example.com/api/metadata"),
        ],
    )
    def test_a_trailing_slash_of_the_endpoint_is_tolerated(self, given: str, taken: str) -> None:
        assert load(NUVYN_API_ENDPOINT=given).api_endpoint == taken

    def test_the_workspace_may_be_a_bare_host(self) -> None:
        assert load(DATABRICKS_WORKSPACE_URL="adb-1.azuredatabricks.net").workspace_url == (
            "https://adb-1.azuredatabricks.net"
        )

    @pytest.mark.parametrize("name", ["x", "_executor_metadata", "main._executor_metadata", "a.b.c"])
    def test_a_schema_name_has_one_to_three_identifiers(self, name: str) -> None:
        assert load(EXECUTOR_SCHEMA_NAME=name).schema_name == name

    @pytest.mark.parametrize("text", ["true", "TRUE", "1", "yes", "on"])
    def test_samples_are_sent_only_when_asked_for(self, text: str) -> None:
        assert load(EXECUTOR_SEND_SAMPLES=text).send_samples is True
        assert load(EXECUTOR_SEND_SAMPLES="false").send_samples is False

    def test_everything_is_sent_again_only_when_the_operator_says_so(self) -> None:
        assert load(EXECUTOR_FULL_TRANSMISSION="true").full_transmission is True
        assert load(EXECUTOR_FULL_TRANSMISSION="false").full_transmission is False

    def test_the_log_level_may_be_written_small(self) -> None:
        assert load(EXECUTOR_LOG_LEVEL="debug").log_level == "DEBUG"

    def test_no_retry_is_a_choice(self) -> None:
        assert load(EXECUTOR_API_RETRY_SECONDS="0").api_retry_seconds == 0


class TestRefusals:
    """Each gets one clear sentence that names the thing and the remedy."""

    @pytest.mark.parametrize(
        ("name", "value", "wanted"),
        [
            ("EXECUTOR_LOG_LEVEL", "LOUD", "one of DEBUG, INFO, WARNING, ERROR"),
            ("EXECUTOR_SCHEMA_NAME", "a.b.c.d", "identifiers"),
            ("EXECUTOR_SCHEMA_NAME", "x; DROP TABLE y", "identifiers"),
            ("EXECUTOR_SCHEMA_NAME", "2x", "identifiers"),
            ("EXECUTOR_MAX_FILES_PER_JOB", "0", "a whole number of at least 1"),
            ("EXECUTOR_MAX_FILES_PER_JOB", "1e3", "a whole number of at least 1"),
            ("EXECUTOR_MAX_PREVIEW_FILES", "-1", "a whole number of at least 1"),
            ("EXECUTOR_MAX_PAYLOAD_MB", "0", "a number above 0"),
            ("EXECUTOR_MAX_PAYLOAD_MB", "nan", "a number above 0"),
            ("EXECUTOR_API_TIMEOUT_SECONDS", "soon", "a number above 0"),
            ("EXECUTOR_API_TIMEOUT_SECONDS", "inf", "a number above 0"),
            ("EXECUTOR_API_TIMEOUT_SECONDS", "1e20", "a number above 0 and at most 86400"),
            ("EXECUTOR_API_RETRY_SECONDS", "1e20", "a number of at least 0 and at most 86400"),
            ("EXECUTOR_API_RETRY_SECONDS", "-0.5", "a number of at least 0"),
            ("EXECUTOR_MAX_UNPACKED_MB", "1e303", "a number above 0 and at most 1e+12"),
            ("EXECUTOR_MAX_UNPACKED_RATIO", "1e308", "a number above 0 and at most 1e+12"),
            ("EXECUTOR_MAX_RECORD_MB", "1e303", "a number above 0 and at most 1e+12"),
            ("EXECUTOR_MAX_PAYLOAD_MB", "1e303", "a number above 0 and at most 1e+12"),
            ("EXECUTOR_MAX_PAYLOAD_MB", "1_000", "a number above 0"),
            ("EXECUTOR_MAX_PAYLOAD_MB", "\u0661\u0662", "a number above 0"),
            ("EXECUTOR_SAMPLE_ROWS", "\u0661\u0662", "a whole number of at least 1"),
            ("EXECUTOR_SAMPLE_ROWS", "1000000000000", "of at least 1 and at most 999999999999"),
            ("EXECUTOR_DATABASE_TIMEOUT_SECONDS", "2147483648", "of at least 1 and at most 2147483647"),
            ("EXECUTOR_DATABASE_CONNECTIONS", "10001", "of at least 1 and at most 10000"),
            ("EXECUTOR_SEND_SAMPLES", "perhaps", "true or false"),
            ("NUVYN_API_ENDPOINT", "platform.example.com", "a URL such as"),
            ("NUVYN_API_ENDPOINT", "ftp://platform.example.com", "a URL such as"),
            ("NUVYN_API_ENDPOINT", "https://", "a URL such as"),
            ("NUVYN_API_ENDPOINT", "https://h:port", "a URL such as"),
            ("NUVYN_API_ENDPOINT", "https://h/?a=1", "a URL such as"),
            ("DATABRICKS_WORKSPACE_URL", "my workspace", "a URL such as"),
        ],
    )
    def test_a_bad_value_is_named_with_its_variable_and_the_remedy(
        self, name: str, value: str, wanted: str
    ) -> None:
        message = refused(**{name: value})
        assert message.startswith(f"{name} must be ")
        assert wanted in message
        assert f'not "{value}"' in message
        assert message.endswith(".")
        assert "unset it" in message

    def test_the_default_is_named_where_there_is_one(self) -> None:
        assert "unset it for the default, INFO." in refused(EXECUTOR_LOG_LEVEL="LOUD")

    def test_credentials_in_the_endpoint_are_refused_and_not_shown(self) -> None:
        message = refused(NUVYN_API_ENDPOINT=f"https://user:{KEY}@platform.example.com")
        assert "without user, password" in message
        assert KEY not in message

    @pytest.mark.parametrize("value", [f"{KEY}\r\nX-Evil: 1", f"{KEY} two", f"{KEY}é"])
    def test_a_key_that_cannot_be_a_header_is_refused_and_not_shown(self, value: str) -> None:
        message = refused(NUVYN_API_KEY=value)
        assert message.startswith("NUVYN_API_KEY must be printable ASCII")
        assert KEY not in message

    def test_line_ends_around_a_key_are_cut_off(self) -> None:
        assert load(NUVYN_API_KEY=f"{KEY}\n").api_key == Secret(KEY)

    def test_a_key_pasted_into_the_wrong_variable_is_masked(self) -> None:
        assert "dapi" not in refused(EXECUTOR_LOG_LEVEL="dapi0123456789abcdef")

    def test_no_repr_shows_a_secret(self) -> None:
        settings = load(NUVYN_API_KEY=KEY, AWS_SECRET_ACCESS_KEY=f"{KEY}-aws")
        assert KEY not in f"{settings} {settings!r} {vars(settings)}"


class TestSecretScope:
    """Use Databricks Secrets for sensitive credentials."""

    SCOPE: ClassVar[Dict[str, str]] = {
        "api-key": KEY,
        "api-endpoint": "https://p.example.com",
        "azure-storage-connection-string": "AccountKey=azure",
        "aws-access-key-id": "AKIASCOPE",
        "aws-secret-access-key": "aws",
        "database-user": "auditor",
        "database-password": "read-only",
    }

    def test_what_the_environment_lacks_comes_from_the_scope(self) -> None:
        settings = ConfigManager({"HOME": "/h"}, self.SCOPE.get).load()
        assert settings.api_endpoint == "https://p.example.com"
        assert settings.secrets() == (KEY, "AccountKey=azure", "AKIASCOPE", "aws", "read-only")

    def test_the_environment_wins_and_the_scope_is_not_asked(self) -> None:
        asked: List[str] = []

        def secret_of(key: str) -> Optional[str]:
            asked.append(key)
            return self.SCOPE.get(key)

        environ = {"HOME": "/h", "NUVYN_API_KEY": "from-environment"}
        assert ConfigManager(environ, secret_of).load().api_key == Secret("from-environment")
        assert sorted(asked) == sorted(
            one.scope_key for one in SETTINGS if one.scope_key not in (None, "api-key")
        )

    def test_a_bad_secret_is_named_by_its_key_and_not_shown(self) -> None:
        with pytest.raises(ConfigError) as caught:
            ConfigManager({"HOME": "/h"}, {"api-key": "two words"}.get).load()
        assert "NUVYN_API_KEY (from the secret api-key)" in str(caught.value)
        assert "two words" not in str(caught.value)

    def test_the_scope_has_the_name_of_the_guide_unless_told_otherwise(self) -> None:
        assert secret_scope({}) == secret_scope({"EXECUTOR_SECRET_SCOPE": " "}) == "nuvyn-executor"
        assert secret_scope({"EXECUTOR_SECRET_SCOPE": "mine"}) == "mine"


class Dbutils:
    """What Databricks gives: ``secrets.get`` raises for what is not there."""

    def __init__(self, secrets: Dict[str, str]) -> None:
        self.secrets = self
        self._values = secrets

    def get(self, scope: str, key: str) -> str:
        return self._values[f"{scope}/{key}"]


class TestDatabricksSecrets:
    """``dbutils.secrets.get(scope="nuvyn-executor", key="api-key")``."""

    def test_keys_are_looked_up_in_the_scope(self) -> None:
        dbutils = Dbutils({"nuvyn-executor/api-key": KEY, "nuvyn-executor/empty": ""})
        secret_of = databricks_secrets("nuvyn-executor", lambda: dbutils)
        assert secret_of("api-key") == KEY
        assert secret_of("empty") is None

    def test_a_missing_key_or_scope_is_none_and_its_text_is_not_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, "nuvyn_executor")
        assert databricks_secrets("other", lambda: Dbutils({}))("api-key") is None
        assert "No secret api-key in the scope other (KeyError)" in caplog.text

    def test_without_dbutils_every_key_is_none_and_it_is_looked_for_once(self) -> None:
        looked: List[int] = []
        secret_of = databricks_secrets("nuvyn-executor", lambda: looked.append(1))
        assert [secret_of("api-key"), secret_of("api-endpoint")] == [None, None]
        assert looked == [1]


def test_null_markers_are_texts_with_commas_and_what_exports_write() -> None:
    r"""Issue 14.5: "`\\N` always ... and let the user say (`EXECUTOR_NULL_MARKERS`)"."""
    assert load(EXECUTOR_NULL_MARKERS="NA, -1,,NA").null_markers == ("NA", "-1", "\\N")
    assert load(EXECUTOR_NULL_MARKERS="").null_markers is None
