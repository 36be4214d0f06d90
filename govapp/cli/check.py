"""``govapp check``: what ``pserve`` would refuse, all at once."""

from __future__ import annotations

import os
import sys
from typing import Any

from govapp import startup
from govapp.cli import database
from govapp.cli.context import Ini, parsed_url
from govapp.settings import SettingsError


def add_calls(calls: Any) -> None:
    """Add ``check``."""
    calls.add_parser("check", help="what pserve would refuse, all at once")


def run(ini: Ini) -> int:
    """Print every problem of the settings and of the database, and return the exit status."""
    problems = []
    try:
        startup.checked(ini.default, ini.app)
    except SettingsError as error:
        problems += error.problems
    url = os.environ.get("GOVAPP_DATABASE_URL") or ini.app.get("sqlalchemy.url")
    if url:
        problems += _database_problems(url)
    if problems:
        print("\n".join(f"govapp: {problem}" for problem in problems), file=sys.stderr)
        return 1
    print("The settings can be used; the database is there and at its newest revision.")
    return 0


def _database_problems(url: str) -> list[str]:
    try:
        problem = database.problem(parsed_url(url))
    except SettingsError as error:
        return error.problems
    return [problem] if problem else []
