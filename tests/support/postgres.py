"""A PostgreSQL for one test run: a private cluster, or the server of ``DATABASE_URL``.

:func:`server` gives the URL of one database on it. :func:`create`, :func:`clone` and :func:`drop`
work on databases beside that one, each named after it: of ``x`` they make ``postgres_x`` in a
private cluster, ``govapp_test_5f3a9c_x`` on the server of ``DATABASE_URL``.

``python -m tests.support.postgres`` says in one line what would be used, or what to install.
"""

from __future__ import annotations

import os
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.support.cluster import PostgresUnavailable, cluster, find_bindir


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a database on a server that may be used at will; clean up afterwards.

    Raises PostgresUnavailable.
    """
    given = os.environ.get("DATABASE_URL")
    with _borrowed(given) if given else cluster() as url:
        yield url


def create(url: str, name: str) -> str:
    """Create the empty database ``name`` beside that of ``url`` and return its URL."""
    return _create(url, name, "template0")


def clone(url: str, template: str, name: str) -> str:
    """Create ``name`` as a copy of ``template``, which nobody may be using; return its URL."""
    return _create(url, name, str(_sibling(url, template).database))


def drop(url: str, name: str) -> None:
    """Drop the database ``name``, closing the connections to it; quiet where there is none."""
    _execute(url, f'DROP DATABASE IF EXISTS "{_sibling(url, name).database}" WITH (FORCE)')


def _create(url: str, name: str, template: str) -> str:
    target = _sibling(url, name)
    _execute(url, f'CREATE DATABASE "{target.database}" TEMPLATE "{template}"')
    return target.render_as_string(hide_password=False)


def _sibling(url: str, name: str) -> URL:
    if not re.fullmatch(r"[a-z0-9_]{1,30}", name):
        raise ValueError(f"{name!r} is not a name of lower-case letters, digits and _")
    parsed = make_url(url)
    return parsed.set(database=f"{parsed.database}_{name}")


def _execute(url: str | URL, statement: str, **values: str) -> list[Any]:
    """Run one statement outside any transaction and return its rows, if it gives any."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        result = connection.execute(text(statement), values)
        return list(result.scalars()) if result.returns_rows else []


@contextmanager
def _borrowed(given: str) -> Iterator[str]:
    """Yield the URL of a new database on the server ``given``; then drop it and its siblings."""
    outer = make_url(given).set(drivername="postgresql+psycopg")
    name = f"govapp_test_{secrets.token_hex(3)}"
    try:
        _execute(outer, f'CREATE DATABASE "{name}" TEMPLATE template0')
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise PostgresUnavailable(f"DATABASE_URL cannot be used: {reason}") from error
    try:
        yield outer.set(database=name).render_as_string(hide_password=False)
    finally:
        ours = "SELECT datname FROM pg_database WHERE starts_with(datname, :name)"
        for database in _execute(outer, ours, name=name):
            _execute(outer, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def _report() -> int:
    """Print in one line which PostgreSQL would be used, or what to install."""
    try:
        # The programs in any case: tests of outages stop and crash a server of their own.
        programs = find_bindir()
    except PostgresUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    given = ", beside the server of DATABASE_URL" if os.environ.get("DATABASE_URL") else ""
    print(f"PostgreSQL: {programs}{given}")
    return 0


if __name__ == "__main__":
    sys.exit(_report())
