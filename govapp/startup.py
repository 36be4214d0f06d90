"""What is checked before anything is served, all at once."""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping
from typing import Any

from govapp.dangers import DEBUG_AIDS, dangers
from govapp.settings import SettingsError, read


def checked(global_config: Mapping[str, str], ini: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with the environment's database URL.

    Raises SettingsError with every mistake, and with every danger in production.
    """
    settings = dict(ini)
    if os.environ.get("GOVAPP_DATABASE_URL"):
        settings["sqlalchemy.url"] = os.environ["GOVAPP_DATABASE_URL"]
    problems = []
    if not settings.get("sqlalchemy.url"):
        problems.append("sqlalchemy.url is missing: the database (or GOVAPP_DATABASE_URL)")
    try:
        parsed = read(settings, os.environ)
    except SettingsError as error:
        raise SettingsError(problems + error.problems) from None
    if parsed.env == "production":
        effective = settings | _debug_aids_in_environment()
        problems += dangers(parsed, effective, server_section(global_config.get("__file__")))
    if problems:
        raise SettingsError(problems)
    return settings


def _debug_aids_in_environment() -> dict[str, str]:
    """Return what Pyramid takes from the environment before it looks into the ini."""
    named = {f"pyramid.{aid}": os.environ.get(f"PYRAMID_{aid.upper()}") for aid in DEBUG_AIDS}
    return {name: value for name, value in named.items() if value is not None}


def server_section(ini_file: str | None) -> dict[str, str]:
    """Return ``[server:main]`` of an ini file, as written."""
    parser = configparser.ConfigParser(interpolation=None)
    if ini_file:
        parser.read(ini_file)
    return dict(parser["server:main"]) if parser.has_section("server:main") else {}
