"""Reads the settings: environment variables, and the Databricks secret scope for those that are secret.

The environment wins over the secret scope; an empty variable counts as unset. The table of the settings is in
:mod:`.settings`.
"""

from __future__ import annotations

import logging
import os
from pathlib import PurePosixPath
from typing import Any, Callable, Dict, List, Mapping, Optional

from nuvyn_executor.dbutils import find_dbutils
from nuvyn_executor.errors import ConfigError
from nuvyn_executor.redaction import Redactor
from nuvyn_executor.settings import SETTINGS, Setting, Settings

SecretOf = Callable[[str], Optional[str]]

_LOGGER = logging.getLogger(__name__)
_SHOWN = 80  # characters of a bad value that a message repeats


class ConfigManager:
    """Reads :class:`Settings` from an environment.

    Args:
        environ: the environment variables.
        secret_of: returns the value of a key of the secret scope, or ``None``. It is only asked for secrets
            that ``environ`` lacks.
    """

    def __init__(self, environ: Mapping[str, str], secret_of: Optional[SecretOf] = None) -> None:
        self._environ = environ
        self._secret_of = secret_of

    def load(self) -> Settings:
        """Read and check all settings.

        Raises:
            ConfigError: a variable (or secret) has a value that is not allowed.
        """
        values: Dict[str, Any] = {setting.attribute: self._value(setting) for setting in SETTINGS}
        values["warehouse_dir"] = _expand_home(values["warehouse_dir"], self._environ)
        return Settings(**values)

    def _value(self, setting: Setting) -> Any:
        text, origin = self._environ.get(setting.name, "").strip(), setting.name
        if not text and setting.scope_key and self._secret_of:
            text = (self._secret_of(setting.scope_key) or "").strip()
            origin = f"{setting.name} (from the secret {setting.scope_key})"
        if not text:
            return None if setting.default is None else setting.parse(setting.default)
        try:
            return setting.parse(text)
        except ValueError as error:
            raise _config_error(setting, origin, text, str(error)) from None


def _config_error(setting: Setting, origin: str, text: str, wanted: str) -> ConfigError:
    # A key is easily pasted into the wrong variable: values are shown masked, those of secrets not at all.
    shown = "" if setting.is_secret else f', not "{Redactor()(text)[:_SHOWN]}"'
    without = f"unset it for the default, {setting.default}" if setting.default else "unset it"
    return ConfigError(f"{origin} must be {wanted}{shown}.", f"Correct it, or {without}.")


def _expand_home(path: str, environ: Mapping[str, str]) -> str:
    """Replace ``~`` by the home folder; without ``HOME`` it is the one that the system knows."""
    parts = PurePosixPath(path).parts
    if parts[:1] != ("~",):
        return path
    home = environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~")  # noqa: PTH111  no Path.home: it may raise
    return str(PurePosixPath(home, *parts[1:]))


def secret_scope(environ: Mapping[str, str]) -> str:
    """Return the name of the secret scope, which has to be known before the other settings are read."""
    setting = next(row for row in SETTINGS if row.attribute == "secret_scope")
    return environ.get(setting.name, "").strip() or str(setting.default)


def databricks_secrets(scope: str, find: Callable[[], Any] = find_dbutils) -> SecretOf:
    """Return a function that looks up keys of a Databricks secret scope.

    It returns ``None`` for a key or scope that does not exist or may not be read, and for every key where
    there is no dbutils; it never raises. dbutils is looked for once, at the first key.

    Args:
        scope: the secret scope.
        find: returns dbutils or ``None``.
    """
    found: List[Any] = []

    def secret_of(key: str) -> Optional[str]:
        try:
            if not found:
                found.append(find())
            value = found[0] and found[0].secrets.get(scope=scope, key=key)
        except Exception as error:  # noqa: BLE001  the JVM's errors come in many types; none may stop a run
            # Without the error's text: it may be long, and it only repeats the key and the scope.
            _LOGGER.debug("No secret %s in the scope %s (%s)", key, scope, type(error).__name__)
            return None
        return str(value) if value else None

    return secret_of
