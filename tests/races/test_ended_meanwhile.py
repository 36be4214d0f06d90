"""A session ends while one of its own requests is under way."""

import pytest
from sqlalchemy.exc import DBAPIError

from govapp import users
from govapp.models import Session
from govapp.sessions import store
from tests.races.arrange import business_rows, end_now, set_instant, writer
from tests.support.together import InBackground


@pytest.mark.standard("S-048")
@pytest.mark.parametrize("how", ["rows", "user-instant", "everyone-instant", "disabled"])
def test_nothing_an_ended_session_did_commits(world, bea, gate, how):
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get(f"/probe/mutate/{user}", status="*"))
    gate.reached()

    if how == "rows":
        end_now(world, user)
    elif how == "disabled":
        with writer(world) as other, other.begin():
            other.get(users.User, user).active = False
    else:
        set_instant(world, user if how == "user-instant" else None)
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


@pytest.mark.standard("S-046")
@pytest.mark.standard("S-047")
def test_a_late_touch_does_not_revive_a_session(world, bea, clock, gate, monkeypatch):
    before = world.sessions()[0]
    clock.advance(minutes=2)
    touch = store.touch

    def touch_late(*args, **kw):
        gate.wait()
        touch(*args, **kw)

    monkeypatch.setattr(store, "touch", touch_late)
    request = InBackground(lambda: bea.get("/account/sessions", status="*"))
    gate.reached()

    end_now(world, before.user_id)
    gate.open()
    request.result()

    after = world.only_session(before.user_id)
    assert after.end_reason == "ended-by-staff"
    assert after.last_seen_at == before.last_seen_at
    assert after.idle_expires_at == before.idle_expires_at
    assert not bea.is_signed_in


@pytest.mark.parametrize("by", ["rows", "user-instant", "everyone-instant"])
@pytest.mark.parametrize("how", ["own", "all", "unproven"])
def test_a_session_that_ended_meanwhile_ends_nothing_itself(world, bea, gate, how, by):
    """The last check is waived for who ends their own session, but only if it was alive."""
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get(f"/probe/leave_late/{user}?how={how}", status="*"))
    gate.reached()

    if by == "rows":
        end_now(world, user)
    else:
        set_instant(world, user if by == "user-instant" else None)
    gate.open()

    assert "/sign-in" in request.result().headers.get("Location", "")
    assert business_rows(world) == 0
    assert not [e for e in world.events("session_ended") if e.reason != "ended-by-staff"]
    assert len(world.events("sessions_ended")) == (1 if by == "rows" else 0)


@pytest.mark.standard("S-046")
def test_no_path_of_the_orm_revives_a_session(world, bea):
    user = world.sessions()[0].user_id
    end_now(world, user)

    with pytest.raises(DBAPIError, match="never lives again"), world.db() as connection:
        connection.get_one(Session, world.only_session(user).id).ended_at = None
        connection.flush()

    assert not bea.is_signed_in


@pytest.mark.standard("S-090")
def test_no_view_holds_its_session_row_locked(world, bea, gate):
    """A slow request does not keep staff from ending the session it came with."""
    user = world.sessions()[0].user_id
    request = InBackground(lambda: bea.get(f"/probe/flash_late/{user}", status="*"))
    gate.reached()

    InBackground(lambda: end_now(world, user)).result()
    gate.open()
    request.result()

    assert world.only_session(user).end_reason == "ended-by-staff"
