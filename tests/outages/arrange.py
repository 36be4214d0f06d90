"""What tests of outages count, cut and ask of every answer."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import event, text

from govapp import db
from tests.support.together import until
from tests.support.world import PASSWORD


def engines(app):
    """The three engines of an application, by name."""
    beside = db.engines(app.registry)
    return {
        "writer": app.registry["dbsession_factory"].kw["bind"],
        "reader": beside.reader,
        "independent": beside.independent,
    }


def effects(world):
    """How often each effect is on record."""
    return Counter(event.event for event in world.events() if event.outcome == "success")


def assert_unavailable(answer):
    """A refusal that says when to try again, and neither grants nor takes away a session."""
    assert answer.status_int == 503, (answer.status_int, answer.text)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"
    assert not sets_session_cookie(answer)


def sets_session_cookie(answer):
    """Whether an answer sets or clears the session cookie."""
    return [c for c in answer.headers.getall("Set-Cookie") if c.startswith("govapp=")] != []


def assert_nothing_held(app):
    """No connection stays checked out after the answers: a leak would end in a full pool."""
    for name, engine in engines(app).items():
        if hasattr(engine.pool, "checkedout"):
            assert engine.pool.checkedout() == 0, name


class Cut:
    """Cuts an engine's connection before its n-th statement, or before its COMMIT.

    With ``times``, that many statements in a row meet it; the COMMIT only once.
    """

    def __init__(self, world, engine, *, before, times=1):
        self._world, self._engine, self._before, self._times = world, engine, before, times
        self._seen = 0
        self.happened = False

    def __enter__(self):
        event.listen(self._engine, "before_cursor_execute", self._statement)
        event.listen(self._engine, "commit", self._commit)
        return self

    def __exit__(self, *error):
        event.remove(self._engine, "before_cursor_execute", self._statement)
        event.remove(self._engine, "commit", self._commit)

    def _statement(self, connection, cursor, sent, parameters, context, many):
        self._seen += 1
        if self._before != "COMMIT" and 0 <= self._seen - self._before < self._times:
            self._cut(connection)

    def _commit(self, connection):
        if self._before == "COMMIT" and not self.happened:
            self._cut(connection)

    def _cut(self, connection):
        self.happened = True
        terminate(self._world, connection.connection.dbapi_connection.info.backend_pid)


def terminate(world, pid):
    """End a connection as an administrator does, and return when the server has ended it."""
    # Outside a transaction, or the list of backends would be read but once.
    with world.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
        gone = text("select count(*) = 0 from pg_stat_activity where pid = :pid")
        until(lambda: connection.scalar(gone, {"pid": pid}))


def terminate_all(world):
    """End every connection to the database but the one that does it."""
    ours = "select pid from pg_stat_activity where datname = current_database() and pid <> "
    with world.engine.connect() as connection:
        pids = connection.scalars(text(ours + "pg_backend_pid()")).all()
    for pid in pids:
        terminate(world, pid)


# ---------------------------------------------------------------- what people do

NEW_PASSWORD = "eleven brisk herons wade"


def confirm(browser, token):
    return _post(browser, "/confirm", token, password=PASSWORD)


def end_others(browser, token):
    return _post(browser, "/account/sessions/revocations", token, which="others")


def end_all(browser, token):
    return _post(browser, "/account/sessions/revocations", token, which="all")


def change_password(browser, token):
    fields = {"current": PASSWORD, "new": NEW_PASSWORD, "end_others": "1"}
    return _post(browser, "/account/password", token, **fields)


def sign_out(browser, token):
    return _post(browser, "/sign-out", token)


def sign_in(browser, token):
    return _post(browser, "/sign-in", token, login="bea", password=PASSWORD)


def _post(browser, path, token, **fields):
    return browser.post(path, fields | {"csrf_token": token}, csrf=False, status="*")


# What each leaves on record once it is done, by Bea with two other sessions.
DEEDS = {
    confirm: {"authn_confirm_success": 1, "session_renewed": 1},
    end_others: {"session_ended": 2},
    end_all: {"session_ended": 3, "sessions_ended": 1},
    change_password: {"authn_password_change": 1, "session_renewed": 1, "session_ended": 2},
    sign_out: {"session_ended": 1},
    sign_in: {"session_ended": 1, "session_created": 1, "authn_login_success": 1},
}
