"""The database fails after the n-th step of a request, for every n: all of it stands, or nothing.

A step is a statement on any of the three engines, or a COMMIT that does not get through (S-078).
"""

from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from tests.faults.changes import Confirm, PasswordChange, Revoke, SignIn, SignInAgain, SignOut
from tests.faults.endings import business
from tests.support.tables import dump

MOST_STEPS = 100


class Steps:
    """Counts what a request asks of the database, and fails once, after step ``fail_after``."""

    def __init__(self, fail_after):
        self.taken, self._fail_after = 0, fail_after

    def statement(self, connection, cursor, text, parameters, context, many):
        self._step()

    def commit(self, connection):
        self._step()

    def _step(self):
        self.taken += 1
        if self.taken == self._fail_after:
            raise OperationalError("injected", None, ConnectionError("the database went away"))

    @property
    def failed(self):
        return self.taken >= self._fail_after


@contextmanager
def failing(fail_after):
    steps = Steps(fail_after)
    event.listen(Engine, "after_cursor_execute", steps.statement)
    event.listen(Engine, "commit", steps.commit)
    try:
        yield steps
    finally:
        event.remove(Engine, "after_cursor_execute", steps.statement)
        event.remove(Engine, "commit", steps.commit)


@pytest.mark.standard("S-025")
@pytest.mark.standard("S-078")
@pytest.mark.standard("S-086")
@pytest.mark.parametrize(
    "kind", [SignIn, SignInAgain, Confirm, Revoke, SignOut, PasswordChange], ids=lambda k: k.name
)
def test_whichever_statement_fails_nothing_is_half_done(world, browser, kind):
    undone = done = 0
    for number in range(1, MOST_STEPS):
        change = kind(world, browser)
        before = dump(world.engine, business)
        with failing(number) as steps:
            answer = change.act("the view's own answer")
        after = dump(world.engine, business)
        sent = [c for c in answer.headers.getall("Set-Cookie") if c.startswith("govapp=")]

        if answer.status_int == 303:
            done += 1
            assert change.is_done(), f"step {number}: said to be done, and is not"
            assert change.old_cookie_works() is change.old_cookie
        else:
            undone += 1
            assert answer.status_int == 503, f"step {number}: {answer.status}"
            assert after == before, f"step {number}: something was kept"
            assert sent == [], f"step {number}: a cookie was sent"
            assert change.old_cookie_works() in {True, None}, f"step {number}: signed out"
        if not steps.failed:
            break

    assert not steps.failed, "no request went through undisturbed"
    # Once undisturbed; and where only what follows the commit failed.
    assert undone >= 8
    assert done >= 1
