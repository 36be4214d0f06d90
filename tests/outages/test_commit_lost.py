"""The connection is lost during COMMIT itself: whether it was done, nobody on our side can know.

PostgreSQL commits, and then waits for a standby that is not there; cut off while it waits, it has
done what was asked and cannot say so. The person is told to look, and what is there is whole.
"""

import pytest
from pyramid.response import Response
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import NullPool

from govapp import sessions
from govapp.security import SIGNED_IN
from tests.outages.arrange import (
    DEEDS,
    assert_nothing_held,
    assert_unavailable,
    effects,
    engines,
    terminate,
)
from tests.support.staff import begin
from tests.support.together import InBackground, until

NOTHING_CHANGED = "Nothing was changed"
NOT_KNOWN = "it is not known whether this was done"


@pytest.fixture
def database_url(breakable_url):
    return breakable_url


class Outbox:
    """What a host application lets commit beside the database; it fails once that has."""

    def ignore(self, transaction):
        pass

    abort = commit = tpc_begin = tpc_vote = tpc_abort = ignore

    def tpc_finish(self, transaction):
        raise RuntimeError

    def sortKey(self):  # noqa: N802 (the transaction package calls it so)
        return "outbox"


@pytest.fixture
def extend():
    def leave(request):
        """End the session; what fails then comes after the commit."""

        def fail(request, response):
            raise RuntimeError

        sessions.end(request)
        if request.GET["fails"] == "callback":
            request.add_response_callback(fail)
        else:
            request.tm.get().join(Outbox())
        return Response("done")

    def add_probe(config):
        config.add_route("leave", "/probe/leave")
        config.add_view(leave, route_name="leave", permission=SIGNED_IN)

    return add_probe


class Standby:
    """The standby that PostgreSQL waits for, once it is told to."""

    def __init__(self, world, admin):
        self._world, self._admin, self._is_missed = world, admin, False

    def cut_off_commit(self, act):
        """Let the COMMIT of a request wait for the standby, cut it, and return the answer."""
        writer = engines(self._world.app)["writer"]
        event.listen(writer, "commit", self._miss, once=True)
        try:
            acting = InBackground(act)
            until(lambda: self._is_missed and self.waiting())
            self._cut()
        finally:
            self._set("alter system reset synchronous_standby_names")
        return acting.result()

    def _miss(self, connection):
        self._set("alter system set synchronous_standby_names = 'nobody'")
        # The server's processes learn it in their own time: try until a commit of ours waits.
        until(self._lets_wait)
        self._is_missed = True

    def _cut(self):
        (pid,) = self.waiting()
        terminate(self._world, pid)

    def waiting(self):
        """The processes of the server that wait for the standby."""
        with self._admin.connect() as connection:
            return connection.scalars(
                text(
                    "select pid from pg_stat_activity"
                    " where wait_event = 'SyncRep' and backend_type = 'client backend'"
                )
            ).all()

    def _set(self, statement):
        with self._admin.connect() as connection:
            connection.execute(text(statement))
            connection.execute(text("select pg_reload_conf()"))

    def _lets_wait(self):
        def write():
            with self._world.engine.begin() as connection:
                connection.execute(text("create temporary table waits (x int) on commit drop"))

        writing = InBackground(write)
        until(lambda: self.waiting() or not writing.is_alive())
        waits = bool(self.waiting())
        if waits:
            self._cut()
        writing.join()
        return waits


@pytest.fixture
def standby(world):
    url = world.engine.url
    return Standby(world, create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT"))


@pytest.mark.standard("S-078")
@pytest.mark.standard("S-080")
@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_a_deed_whose_commit_got_no_answer_is_whole_and_the_person_is_told_to_look(
    world, bea, standby, deed
):
    begin(world, world.sessions()[0].user_id, count=2)
    token, on_record = bea.csrf_token(), effects(world)

    answer = standby.cut_off_commit(lambda: deed(bea, token))

    assert_unavailable(answer)
    assert NOT_KNOWN in answer.text and NOTHING_CHANGED not in answer.text
    assert "Look whether it was done before you try again." in answer.text
    assert effects(world) - on_record == DEEDS[deed]
    assert_nothing_held(world.app)


def test_a_program_is_told_so_too(bea, standby):
    fields = {"csrf_token": bea.csrf_token()}
    as_json = {"Accept": "application/json"}

    answer = standby.cut_off_commit(
        lambda: bea.test_app.post("/sign-out", fields, headers=as_json, status=503)
    )

    assert NOT_KNOWN in answer.json["message"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.standard("S-093")
@pytest.mark.parametrize("fails", ["callback", "outbox"])
def test_a_page_that_fails_after_the_commit_does_not_deny_it(world, bea, fails):
    answer = bea.get(f"/probe/leave?fails={fails}", status=500)

    assert "ook whether" in answer.text and NOTHING_CHANGED not in answer.text
    assert world.sessions()[0].end_reason == "signed-out"
