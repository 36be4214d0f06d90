"""Things that happen at the same time, held by gates and barriers instead of sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

LONG_SECONDS = 30


class Gate:
    """Where a request waits until the test lets it through."""

    def __init__(self) -> None:
        self._arrived, self._open = threading.Event(), threading.Event()

    def wait(self) -> None:
        self._arrived.set()
        assert self._open.wait(LONG_SECONDS)

    def reached(self) -> None:
        assert self._arrived.wait(LONG_SECONDS)

    def open(self) -> None:
        self._open.set()


class InBackground(threading.Thread):
    """A call in a thread of its own; ``result`` waits for what it returned, or raises its error."""

    def __init__(self, call: Callable[..., Any], *args: Any) -> None:
        super().__init__()
        self._call, self._args = call, args
        self._result: Any = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._result = self._call(*self._args)
        except BaseException as error:
            self._error = error

    def result(self) -> Any:
        self.join(LONG_SECONDS)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
        return self._result


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run these calls at the same moment and return what they returned."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(LONG_SECONDS)
        return call()

    return [thread.result() for thread in [InBackground(run, call) for call in calls]]


def waits_for_a_lock(engine: Any) -> None:
    """Return once somebody in this PostgreSQL database waits for a lock that another holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    # Outside a transaction, or the list of backends would be read but once.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until(lambda: connection.scalar(waiting))


def until(is_so: Callable[[], Any]) -> None:
    """Ask until it is so; fail when it never is."""
    deadline = time.monotonic() + LONG_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)
