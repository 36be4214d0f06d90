"""``govapp db upgrade``: the migrations, from a checkout or from an installed govapp."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import SQLAlchemyError

from govapp.cli.context import Context, explained, opened

PACKAGE = Path(__file__).parent.parent
VERSION_TABLE = "govapp_alembic_version"


def add_calls(calls: Any) -> None:
    """Add ``db upgrade``."""
    verbs = calls.add_parser("db", help="the database's tables")
    verbs = verbs.add_subparsers(dest="verb", required=True, metavar="VERB")
    call = verbs.add_parser("upgrade", help="bring the tables to the newest revision")
    call.set_defaults(run=run)


def run(context: Context, arguments: Namespace) -> None:
    """Bring the database to the newest revision, in the role for maintenance if there is one."""
    url = context.maintenance_url
    upgrade(url.render_as_string(hide_password=False))
    print(f"The database is at revision {newest(url)}.")


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for this database."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def migrations_folder() -> Path:
    """Return where the migrations are: in the wheel beside the code, else in the checkout."""
    shipped = PACKAGE / "migrations"
    return shipped if shipped.is_dir() else PACKAGE.parent / "alembic"


def upgrade(url: str) -> None:
    """Bring the database to the newest revision."""
    command.upgrade(alembic_config(url), "head")


def newest(url: URL) -> str | None:
    """Return the newest revision that there is."""
    return ScriptDirectory.from_config(alembic_config(str(url))).get_current_head()


def problem(url: URL) -> str | None:
    """Return why this database cannot serve: out of reach, or not at head; None if it can."""
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        # Connecting would make an empty one.
        return f"The database {url.database} does not exist: govapp db upgrade"
    with opened(create_engine(url, hide_parameters=True)) as engine:
        try:
            with engine.connect() as connection:
                options = {"version_table": VERSION_TABLE}
                migrations = MigrationContext.configure(connection, opts=options)
                revision = migrations.get_current_revision()
        except SQLAlchemyError as error:
            return explained(error)
    if revision == newest(url):
        return None
    return f"The database is at revision {revision}, not {newest(url)}: govapp db upgrade"
