"""The keys of a profile of the AWS command line, read from its files without its library."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Dict, Mapping

from nuvyn_executor.errors import ConfigError

_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region", "endpoint_url")
_LIVE = ("role_arn", "sso_session", "sso_start_url", "credential_process", "web_identity_token_file")


def read_profile(settings: Mapping[str, str]) -> Dict[str, str]:
    """Read the profile that ``AWS_PROFILE`` names, else the one called ``default``.

    Returns:
        Its keys that are used, and its ``name``; nothing where no profile is named and there is no default.

    Raises:
        ConfigError: the named profile is in neither file, is half a credential, or has no lasting keys.
    """
    named = settings.get("AWS_PROFILE") or settings.get("AWS_DEFAULT_PROFILE") or ""
    name = named or "default"
    home = settings.get("HOME") or settings.get("USERPROFILE") or ""
    if not home and not any(key in settings for key in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")):
        return {}
    config = settings.get("AWS_CONFIG_FILE") or str(Path(home, ".aws", "config"))
    shared = settings.get("AWS_SHARED_CREDENTIALS_FILE") or str(Path(home, ".aws", "credentials"))
    section = name if name == "default" else f"profile {name}"
    found = {**_section(config, section, home), **_section(shared, name, home)}
    if named and not found:
        raise ConfigError(
            f"AWS_PROFILE names {name}, and neither {config} nor {shared} has such a profile.",
            "Name another profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
        )
    used = {key: found[key] for key in _KEYS if found.get(key)}
    if named and "aws_access_key_id" not in used and any(key in found for key in _LIVE):
        raise ConfigError(
            f"AWS_PROFILE names {name}, whose keys are issued for each session.",
            f"Run `aws configure export-credentials --profile {name} --format env` and set what it prints.",
        )
    if ("aws_access_key_id" in used) != ("aws_secret_access_key" in used):
        raise ConfigError(
            f"The AWS profile {name} has only one of aws_access_key_id and aws_secret_access_key.",
            f"Add the other one to {shared}.",
        )
    return {**used, "name": name} if used else {}


def _section(path: str, name: str, home: str) -> Dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    file = home + path[1:] if path.startswith("~/") else path
    try:
        with Path(file).open(encoding="utf-8") as stream:
            parser.read_file(stream)
    except OSError:
        return {}
    except (configparser.Error, ValueError) as error:
        # the parser's own sentence repeats the line that it did not understand
        raise ConfigError(f"{path} is not written as AWS's tools write it.", "Correct it.") from error
    return dict(parser[name]) if parser.has_section(name) else {}
