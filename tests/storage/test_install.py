"""The servers' installation: once, whole or not at all, and never an error where something cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fake_databricks.storage_servers import debian, install

if TYPE_CHECKING:
    from pathlib import Path


class TestInstallation:
    def test_what_cannot_be_had_is_named_and_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def refused(folder: Path) -> None:
            (folder / "half").touch()
            raise install.NotInstalled("pip failed: no network")

        monkeypatch.setattr(install, "FROM_REGISTRIES", {"node": ("1", refused)})
        monkeypatch.setenv("PATH", str(tmp_path))  # no apt-get

        install.install_all(tmp_path)

        assert capsys.readouterr().out.splitlines() == [
            "node: could not be installed; its tests are skipped. pip failed: no network",
            (
                "postgres, mariadb, docker: could not be installed; their tests are skipped. "
                "this machine has no apt-get and dpkg"
            ),
        ]
        assert list(tmp_path.iterdir()) == []

    def test_it_is_done_once_for_a_recipe(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(install, "FROM_DEBIAN", {})
        for recipe in ("1", "1", "2"):
            monkeypatch.setattr(
                install, "FROM_REGISTRIES", {"node": (recipe, lambda folder: (folder / "a").touch())}
            )
            install.install_all(tmp_path)

        assert capsys.readouterr().out.splitlines() == [
            "node: installed.",
            "node: ready.",
            "node: installed.",
        ]

    def test_no_address_of_a_registry_is_recorded(self) -> None:
        assert '"resolved"' not in (install.LOCK / "package-lock.json").read_text(encoding="utf-8")


class TestDebianPackages:
    @pytest.mark.parametrize(
        ("name", "is_left_out"),
        [("libc6", True), ("libllvm14", True), ("libpq-dev", True), ("libpq5", False), ("libcurl4", False)],
    )
    def test_libraries_that_the_machine_has_anyway_are_left_out(self, name: str, is_left_out: bool) -> None:  # noqa: FBT001  a parameter of the test
        assert bool(debian.LEFT_OUT.fullmatch(name)) is is_left_out
