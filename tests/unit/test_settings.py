"""The table of settings is complete, and documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from nuvyn_executor.settings import SETTINGS, Setting, Settings

ROOT = Path(__file__).resolve().parents[2]
NAMES = tuple(setting.name for setting in SETTINGS)


def documented(setting: Setting) -> str:
    default = "" if setting.default is None else f"`{setting.default}`"
    key = f"`{setting.scope_key}`" if setting.scope_key else ""
    return f"| `{setting.name}` | {default} | {key} | {setting.doc} |"


class TestTable:
    """Configuration: every variable [...] documented in one table that a test holds complete."""

    def test_the_documentation_shows_exactly_the_table_of_settings(self) -> None:
        lines = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith("| `")] == [
            documented(setting) for setting in SETTINGS
        ]

    def test_each_row_has_a_name_of_its_own(self) -> None:
        assert len({setting.name for setting in SETTINGS}) == len(SETTINGS) == len(fields(Settings))

    def test_every_default_is_an_allowed_value(self) -> None:
        assert all(s.parse(s.default) is not None for s in SETTINGS if s.default is not None)

    def test_no_variable_is_read_that_the_table_does_not_name(self) -> None:
        named = {
            name
            for path in (ROOT / "nuvyn_executor").rglob("*.py")
            for name in re.findall(r"[\"`](EXECUTOR_[A-Z_]+)", path.read_text(encoding="utf-8"))
        }
        assert named <= set(NAMES)

    def test_secrets_are_those_that_have_a_key_and_are_no_url_and_no_user(self) -> None:
        assert {s.name for s in SETTINGS if s.scope_key} - {s.name for s in SETTINGS if s.is_secret} == {
            "NUVYN_API_ENDPOINT",
            "EXECUTOR_DATABASE_USER",
        }
