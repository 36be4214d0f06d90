"""What every call works with: the settings, the database and the time."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyramid.paster import get_appsettings
from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session as DBSession

from govapp import audit, db, settings, startup
from govapp.audit import Actor
from govapp.giving import Refused
from govapp.policy import Limits
from govapp.settings import Settings, SettingsError

SYSTEM = Actor(user_id=audit.SYSTEM)


@dataclass(frozen=True, slots=True)
class Ini:
    """An ini file as written: ``[app:main]``, and ``[DEFAULT]`` with the file's own name."""

    app: dict[str, Any]
    default: dict[str, str]


def read_ini(path: str) -> Ini:
    """Return what an ini file says. Raises Refused if it cannot be read."""
    try:
        found = get_appsettings(path)
    except (OSError, LookupError, ValueError, ImportError, configparser.Error) as error:
        raise Refused(f"{path} cannot be read: {first_line(error)}") from None
    return Ini(dict(found), dict(found.global_conf))


@dataclass(frozen=True, slots=True)
class Context:
    """The settings, the database's URL and the one instant of this call."""

    settings: Settings
    url: URL
    now: datetime

    @classmethod
    def of(cls, ini: Ini, *, now: datetime) -> Context:
        """Return the context of a call. Raises SettingsError with all that pserve would refuse."""
        app = startup.checked(ini.default, ini.app)
        return cls(settings.read(app, os.environ), parsed_url(app["sqlalchemy.url"]), now)

    @property
    def maintenance_url(self) -> URL:
        """The URL for migration and purge: a role of its own, where there is one."""
        own = self.settings.maintenance_url
        return parsed_url(own) if own else self.url

    @property
    def user_limits(self) -> Limits:
        """How long anybody's session may last."""
        return self.settings.user_limits

    @property
    def staff_limits(self) -> Limits:
        """How long the session of somebody who holds a grant may last."""
        return self.settings.staff_limits

    @contextmanager
    def transaction(self) -> Iterator[DBSession]:
        """Yield a session in one transaction, which commits at the end of the block."""
        with (
            opened(db.writer_engine(self.url)) as engine,
            DBSession(engine, expire_on_commit=False) as dbsession,
            dbsession.begin(),
        ):
            yield dbsession

    @contextmanager
    def reading(self) -> Iterator[DBSession]:
        """Yield a session on an AUTOCOMMIT connection that cannot write."""
        with opened(db.reader_engine(self.url)) as engine, engine.connect() as connection:
            sqlite = engine.dialect.name == "sqlite"
            read_only = (
                "PRAGMA query_only = ON" if sqlite else "SET default_transaction_read_only = on"
            )
            connection.exec_driver_sql(read_only)
            with DBSession(connection, expire_on_commit=False) as dbsession:
                yield dbsession


@contextmanager
def opened(engine: Engine) -> Iterator[Engine]:
    """Yield the engine, and close its connections afterwards."""
    try:
        yield engine
    finally:
        engine.dispose()


def parsed_url(text: str) -> URL:
    """Return the database URL. Raises SettingsError, without the text: it may hold a password."""
    try:
        return make_url(text)
    except ArgumentError:
        raise SettingsError(["the URL of the database cannot be read as one"]) from None


def explained(error: SQLAlchemyError) -> str:
    """Return what is wrong with the database in one line, without any value sent to it."""
    if not isinstance(error, DBAPIError):
        return f"The database cannot be used: {first_line(error)}"
    said = first_line(error.orig)
    if getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}:
        return "Somebody changed the same at the same time; nothing was done, so call again."
    if "no such table" in said or getattr(error.orig, "sqlstate", None) == "42P01":
        return "The database has no tables of govapp yet: govapp db upgrade"
    return f"The database refused: {said}"


def first_line(error: BaseException | None) -> str:
    """Return the first line of an error's message, or its name if it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
