"""What happens meanwhile: requests held at a gate while something else commits."""

import threading

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as DBSession

from govapp import db, sessions, users
from govapp.models import EVERYONE, Group, Membership, Session, user_subject
from govapp.policy import EndReason, Limits, Permission
from govapp.sessions import ending, store
from tests.support.world import PASSWORD, SYSTEM

LIMITS = Limits(604_800, 2_592_000)
LONG_SECONDS = 20


class Gate:
    """Where a request waits until the test lets it through."""

    def __init__(self):
        self._arrived, self._open = threading.Event(), threading.Event()

    def wait(self):
        self._arrived.set()
        assert self._open.wait(LONG_SECONDS)

    def reached(self):
        assert self._arrived.wait(LONG_SECONDS)

    def open(self):
        self._open.set()


class InBackground(threading.Thread):
    """A call in a thread of its own; ``result`` waits for what it returned."""

    def __init__(self, call):
        super().__init__()
        self._call, self._result, self._error = call, None, None
        self.start()

    def run(self):
        try:
            self._result = self._call()
        except Exception as error:
            self._error = error

    def result(self):
        self.join(LONG_SECONDS)
        assert not self.is_alive()
        if self._error is not None:
            raise self._error
        return self._result


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def extend(gate):
    def add_probes(config):
        def mutate(request):
            """Be let in, wait, then write."""
            assert request.identity is not None
            gate.wait()
            request.dbsession.add(Group(name="business", created_at=request.now))
            return Response("done")

        def flash_late(request):
            assert request.session.row is not None
            gate.wait()
            request.session.flash("late")
            return Response("done")

        def rotate_late(request):
            assert request.session.row is not None
            gate.wait()
            sessions.rotate(request)
            return Response("done")

        def begin_and_wait(request):
            sessions.begin(request, request.matchdict["user"])
            gate.wait()
            return Response("done")

        def begin_late(request):
            request.dbsession.connection().execute(select(func.now()))
            gate.wait()
            sessions.begin(request, request.matchdict["user"])
            return Response("done")

        def leave_late(request):
            """Be let in, wait, then end one's own session and do something besides."""
            assert request.session.row is not None
            gate.wait()
            request.dbsession.add(Group(name="business", created_at=request.now))
            if request.GET["how"] == "all":
                sessions.end_all(
                    request, request.session.row.user_id, reason=EndReason.ENDED_BY_OWNER
                )
            else:
                sessions.end(request)
            return Response("done")

        for view in (mutate, flash_late, rotate_late, leave_late, begin_and_wait, begin_late):
            config.add_route(view.__name__, f"/probe/{view.__name__}/{{user}}")
            config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)
        config.add_route("permitted", "/probe/permitted")
        config.add_view(
            mutate,
            route_name="permitted",
            permission=Permission.USER_LIST,
            require_csrf=False,
        )

    return add_probes


@pytest.fixture
def bea(world, browser):
    world.user("bea")
    someone = browser()
    someone.sign_in("bea")
    return someone


def end_now(world, user_id):
    """End all sessions of a person on another connection, as staff would."""
    with world_writer(world) as other, other.begin():
        ending.end_all_of(
            other,
            user_id,
            own_id=None,
            reason=EndReason.ENDED_BY_STAFF,
            actor=SYSTEM,
            now=world.clock(),
            limits=LIMITS,
        )


def world_writer(world):
    return DBSession(world.app.registry["dbsession_factory"].kw["bind"])


def business_rows(world):
    with world.db() as connection:
        return connection.scalar(select(func.count()).where(Group.name == "business"))


@pytest.mark.standard("S-048")
@pytest.mark.parametrize("how", ["rows", "user-instant", "everyone-instant", "disabled"])
def test_nothing_an_ended_session_did_commits(world, bea, gate, how):
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get(f"/probe/mutate/{user}", status="*"))
    gate.reached()

    if how == "rows":
        end_now(world, user)
    else:
        with world_writer(world) as other, other.begin():
            if how == "disabled":
                other.get(users.User, user).active = False
            else:
                subject = EVERYONE if how == "everyone-instant" else user_subject(user)
                ending.set_not_before(other, subject)
    gate.open()
    answer = request.result()

    assert answer.status_int == 303
    assert "/sign-in" in answer.location
    assert business_rows(world) == 0


@pytest.mark.standard("S-047")
@pytest.mark.parametrize("late", ["flash_late", "rotate_late"])
def test_a_late_write_to_the_session_does_not_revive_it(world, bea, gate, late):
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get(f"/probe/{late}/{user}", status="*"))
    gate.reached()

    end_now(world, user)
    gate.open()
    answer = request.result()

    assert answer.status_int == 303
    row = world.only_session(user)
    assert row.end_reason == "ended-by-staff"
    assert row.rotated_at is None
    assert row.data == {}
    assert not bea.is_signed_in


def test_a_late_touch_does_not_revive_a_session(world, bea, clock):
    row = world.sessions()[0]
    end_now(world, row.user_id)
    clock.advance(minutes=2)

    with db.engines(world.app.registry).reader.connect() as connection:
        store.touch(connection, row, now=clock.now, touch_seconds=60)

    after = world.sessions()[0]
    assert after.last_seen_at == row.last_seen_at
    assert after.ended_at is not None


@pytest.mark.standard("S-049")
@pytest.mark.parametrize("whom", ["person", "everyone"])
def test_a_sign_in_under_way_does_not_outlive_ending_everything(world, browser, gate, whom):
    user = world.user("bea")
    bea = browser()
    request = InBackground(lambda: bea.get(f"/probe/begin_and_wait/{user}", status="*"))
    gate.reached()

    def end_all():
        if whom == "person":
            end_now(world, user)
        else:
            with world_writer(world) as other, other.begin():
                ending.set_not_before(other, EVERYONE)

    revoking = InBackground(end_all)
    revoking.join(0.3)
    assert revoking.is_alive(), "ending everything waits for the sign-in that holds the instant"
    gate.open()
    request.result()
    revoking.result()

    assert not bea.is_signed_in


# On SQLite nothing can come between: its writer is alone from its first statement.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_sign_in_that_began_before_the_end_of_everything_fails(world, browser, gate):
    user = world.user("bea")
    bea = browser()
    request = InBackground(lambda: bea.get(f"/probe/begin_late/{user}", status="*"))
    gate.reached()

    with world_writer(world) as other, other.begin():
        ending.set_not_before(other, user_subject(user))
    gate.open()

    assert request.result().status_int == 500
    assert world.sessions(user) == []


class PausingHasher:
    """A hasher that lets something happen right after a password was found right."""

    def __init__(self, inner, then):
        self._inner, self._then = inner, then

    def verify(self, stored, password):
        right = self._inner.verify(stored, password)
        self._then()
        return right

    def __getattr__(self, name):
        return getattr(self._inner, name)


@pytest.mark.parametrize("meanwhile", ["reset", "disabled"])
def test_a_sign_in_loses_against_a_reset_that_committed_meanwhile(
    world, browser, app, clock, meanwhile
):
    user_id = world.user("bea")
    hasher = app.registry["govapp.hasher"]

    def change():
        with world.db() as connection:
            user = connection.get_one(users.User, user_id)
            if meanwhile == "reset":
                new = hasher.hash("another one entirely")
                users.set_password(connection, user, new, actor=SYSTEM, now=clock())
            else:
                user.active = False

    app.registry["govapp.hasher"] = PausingHasher(hasher, change)

    browser().sign_in("bea", PASSWORD, status=400)

    assert world.sessions(user_id) == []


@pytest.mark.standard("S-060")
def test_a_permission_lost_between_check_and_write_stops_the_write(world, browser, gate):
    sam = world.user("sam", "support")
    staff = browser()
    staff.sign_in("sam")
    request = InBackground(lambda: staff.get("/probe/permitted", status="*"))
    gate.reached()

    with world.db() as connection:
        connection.delete(connection.get_one(Membership, (sam, "support")))
    gate.open()

    assert request.result().status_int == 403
    assert business_rows(world) == 0
    assert staff.is_signed_in


def test_two_requests_that_each_flash_once_both_show(world, bea, gate, browser):
    user = world.sessions()[0].user_id
    first = InBackground(lambda: bea.get(f"/probe/flash_late/{user}", status="*"))
    gate.reached()
    second = browser()
    second.cookie = bea.cookie
    gate.open()
    second.get(f"/probe/flash_late/{user}", status="*")
    first.result()

    assert bea.get("/account/sessions").text.count("late") == 2
    assert world.only_session(user).data == {}


def test_no_view_holds_its_session_row_locked(world, bea, gate):
    """A slow request does not keep staff from ending the session it came with."""
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get(f"/probe/flash_late/{user}", status="*"))
    gate.reached()

    revoking = InBackground(lambda: end_now(world, user))
    revoking.result()
    gate.open()
    request.result()

    assert world.only_session(user).end_reason == "ended-by-staff"


def test_ending_the_same_session_twice_at_once_records_it_once(world, bea):
    user = world.sessions()[0].user_id

    enders = [InBackground(lambda: end_now(world, user)) for _ in range(5)]
    for ender in enders:
        ender.result()

    assert len(world.events("session_ended")) == 1
    assert world.only_session(user).end_reason == "ended-by-staff"


def test_no_path_of_the_orm_revives_a_session(world, bea):
    user = world.sessions()[0].user_id
    end_now(world, user)

    with pytest.raises(DBAPIError, match="never lives again"), world.db() as connection:
        connection.get_one(Session, world.only_session(user).id).ended_at = None
        connection.flush()

    assert not bea.is_signed_in


@pytest.mark.parametrize("by", ["rows", "user-instant", "everyone-instant"])
@pytest.mark.parametrize("how", ["own", "all"])
def test_a_session_that_ended_meanwhile_ends_nothing_itself(world, bea, gate, how, by):
    """The last check is waived for who ends their own session, but only if it was alive."""
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get(f"/probe/leave_late/{user}?how={how}", status="*"))
    gate.reached()

    if by == "rows":
        end_now(world, user)
    else:
        with world_writer(world) as other, other.begin():
            subject = EVERYONE if by == "everyone-instant" else user_subject(user)
            ending.set_not_before(other, subject)
    gate.open()

    assert "/sign-in" in request.result().headers.get("Location", "")
    assert business_rows(world) == 0
    assert not [e for e in world.events("session_ended") if e.reason != "ended-by-staff"]
    assert len(world.events("sessions_ended")) == (1 if by == "rows" else 0)
