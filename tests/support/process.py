"""Programs that tests start beside themselves: a real ``pserve`` above all.

Everything listens on this machine only, and ends with its block, or with the test run if that is
killed.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LOCAL = "127.0.0.1"
LONG_SECONDS = 60
# Below the ports that systems give to outgoing connections, which would take one in between.
PORTS = range(20_000, 32_000)
# What would change a program's settings behind a test's back.
FOREIGN = ("GOVAPP_", "PYRAMID_", "PG")
_keepers: list[socket.socket] = []


def free_port() -> int:
    """Return a port of this machine that nobody uses, and that no other call will return."""
    while True:
        keeper = socket.socket()
        try:
            keeper.bind((LOCAL, random.SystemRandom().choice(PORTS)))
        except OSError:
            keeper.close()
            continue
        # A server may have the port all the same, since servers ask for SO_REUSEADDR too; the
        # line above does not, so that another test run at the same time gets another port.
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _keepers.append(keeper)
        port: int = keeper.getsockname()[1]
        return port


def wait_until(ready: Callable[[], Any], what: str) -> None:
    """Ask again and again until ``ready`` says so. Raises AssertionError after a minute."""
    give_up = time.monotonic() + LONG_SECONDS
    while not ready():
        assert time.monotonic() < give_up, f"waited for {what} in vain"
        time.sleep(0.02)


class Program:
    """A program that runs: its process, and the file into which it writes."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self.process.poll() is None

    @property
    def said(self) -> str:
        """What it wrote to its output so far."""
        return self.log.read_text(errors="replace")

    def kill(self) -> int:
        """End it as the system does when memory runs out: at once; return its exit status."""
        self.process.kill()
        return self.process.wait(LONG_SECONDS)


@contextmanager
def running(
    command: Sequence[Any],
    *,
    log: Path,
    environ: Mapping[str, str] | None = None,
    stop: signal.Signals = signal.SIGTERM,
    **options: Any,
) -> Iterator[Program]:
    """Start a program, and send it ``stop`` at the end of the block."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith(FOREIGN)}
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=inherited | dict(environ or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            **options,
        )
    guard = _start_guard(process.pid)
    try:
        yield Program(process, log)
    finally:
        # First the guard: the number of a process that has ended may be given to another one.
        guard.kill()
        guard.communicate()
        process.send_signal(stop)
        try:
            process.wait(LONG_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _start_guard(pid: int) -> subprocess.Popen[bytes]:
    """Start the program that ends another one as soon as its own standard input closes.

    That happens however this process ends, so that a killed test run leaves nothing behind.
    """
    return subprocess.Popen(
        ["sh", "-c", 'read line; kill "$0"', str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@contextmanager
def pserve(
    ini: Path,
    port: int,
    *,
    server_name: str = "main",
    environ: Mapping[str, str] | None = None,
    memory_kib: int | None = None,
) -> Iterator[Program]:
    """Serve an ini file by a process of its own, which listens on ``port``; wait until it does.

    ``memory_kib`` limits its address space, as ``ulimit -v`` does.
    """
    command = [sys.executable, "-m", "pyramid.scripts.pserve", "--server-name", server_name, ini]
    if memory_kib is not None:
        command = ["sh", "-c", f'ulimit -v {memory_kib} && exec "$0" "$@"', *command]
    environ = {"PYTHONPATH": str(ROOT), **(environ or {})}
    log = ini.with_name(f"{ini.stem}-{port}.log")
    with running(command, log=log, environ=environ, stop=signal.SIGINT) as program:
        wait_until(lambda: not program.is_running or answers(port), f"pserve on port {port}")
        assert program.is_running, program.said
        yield program


def answers(port: int) -> bool:
    """Tell whether govapp serves on this port."""
    connection = http.client.HTTPConnection(LOCAL, port, timeout=LONG_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
