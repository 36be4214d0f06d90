"""``govapp session list`` and ``session revoke``."""

import pytest
from sqlalchemy import update

from govapp.models import Session
from tests.support.world import PASSWORD


@pytest.fixture
def signed_in(world, browser):
    """Add a person, sign them in, and return their browser."""

    def sign_in(login, group="customers"):
        world.user(login, group)
        someone = browser()
        someone.sign_in(login)
        return someone

    return sign_in


def listed(command, *words):
    return command.done("session", "list", *words, "--json").json


# ---------------------------------------------------------------- list


def test_live_sessions_are_listed_in_full(command, signed_in):
    signed_in("bea@example.org")

    (row,) = listed(command)

    assert row["login"] == "bea@example.org" and row["address"] == "203.0.113.7"
    assert (row["state"], row["device"], row["method"]) == ("live", "Firefox on Linux", "password")
    text = command.done("session", "list").out
    assert row["id"] in text and "203.0.113.7" in text


def test_states_and_people_are_told_apart(command, signed_in):
    signed_in("bea").sign_out()
    signed_in("mia")

    assert [row["login"] for row in listed(command)] == ["mia"]
    assert [row["state"] for row in listed(command, "--state", "ended")] == ["signed-out"]
    assert len(listed(command, "--state", "all")) == 2
    assert listed(command, "--user", "bea") == []
    assert [row["login"] for row in listed(command, "--user", "BEA", "--state", "all")] == ["bea"]
    assert "There is no user" in command.refused("session", "list", "--user", "nobody")


def test_what_has_lapsed_is_not_live_though_nobody_marked_it(command, signed_in, clock):
    signed_in("bea")
    signed_in("ann", "admins")

    clock.advance(hours=1)

    assert [row["login"] for row in listed(command)] == ["bea"]
    assert [row["state"] for row in listed(command, "--state", "ended")] == ["idle"]


def test_stricter_limits_for_staff_show_at_once(command, signed_in, clock):
    signed_in("ann", "admins")
    command.ini.write_text(command.ini.read_text() + "govapp.staff_idle_seconds = 120\n")

    clock.advance(seconds=120)

    assert listed(command) == []
    assert [row["state"] for row in listed(command, "--state", "ended")] == ["idle"]


def test_a_long_list_comes_page_by_page(command, signed_in, monkeypatch):
    monkeypatch.setattr("govapp.cli.output.PAGE", 2)
    for login in ("ann", "bea", "cid", "dan", "eve"):
        signed_in(login)

    assert [row["login"] for row in listed(command)] == ["ann", "bea", "cid", "dan", "eve"]


def test_what_a_device_is_called_cannot_steer_the_terminal(command, signed_in, world):
    signed_in("bea")
    with world.db() as db:
        db.execute(update(Session).values(device="\x1b[2J\u202eevil\n"))

    said = command.done("session", "list")

    assert "\x1b" not in said.out and "\u202e" not in said.out
    assert len(said.out.splitlines()) == 2


# ---------------------------------------------------------------- revoke


def test_named_sessions_end_at_once(command, signed_in, world):
    bea, mia = signed_in("bea"), signed_in("mia")
    (bea_id,) = bea.session_ids()

    said = command.done("session", "revoke", bea_id, "--reason", "laptop stolen")

    assert said.out == "Ended 1 session.\n"
    assert not bea.is_signed_in and mia.is_signed_in
    row = world.sessions()[0]
    assert (row.end_reason, row.ended_by, row.end_note) == (
        "ended-by-staff",
        "system",
        "laptop stolen",
    )
    (ended,) = world.events("session_ended")
    assert (ended.actor_id, ended.session_id) == ("system", bea_id)
    assert ended.details == {"note": "laptop stolen"}


def test_what_had_ended_is_counted_and_stays_as_it_is(command, signed_in, world):
    bea, mia = signed_in("bea"), signed_in("mia")
    ids = [*bea.session_ids(), *mia.session_ids()]
    bea.sign_out()

    said = command.done("session", "revoke", *ids, "--reason", "lost")

    assert said.out == "Ended 1 session. 1 had already ended.\n"
    assert [row.end_reason for row in world.sessions()] == ["signed-out", "ended-by-staff"]


@pytest.mark.parametrize("wrong", ["0" * 32, "nonsense", "A" * 32, "'; --"])
def test_one_unknown_session_and_none_ends(command, signed_in, wrong):
    bea = signed_in("bea")

    refusal = command.refused("session", "revoke", *bea.session_ids(), wrong, "--reason", "lost")

    assert "There is no session" in refusal and "nothing ended" in refusal
    assert bea.is_signed_in


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "two\nlines", "\x1b[31m"])
def test_a_reason_is_needed_and_printable(command, signed_in, reason):
    bea = signed_in("bea")

    refusal = command.refused("session", "revoke", "--everyone", "--reason", reason)

    assert "printable" in refusal
    assert bea.is_signed_in


def test_all_sessions_of_a_person_end(command, signed_in, browser, world):
    bea, mia, phone = signed_in("bea"), signed_in("mia"), browser()
    phone.sign_in("bea")

    said = command.done("session", "revoke", "--user", "bea", "--reason", "phone lost")

    assert "Ended 2 sessions of bea." in said.out
    assert not bea.is_signed_in and not phone.is_signed_in and mia.is_signed_in
    (event,) = world.events("sessions_ended")
    assert event.details == {"count": 2, "note": "phone lost"}
    bea.sign_in("bea", PASSWORD)
    assert bea.is_signed_in


@pytest.mark.standard("S-057")
def test_everyone_is_signed_out_at_the_very_next_request(command, signed_in, world, monkeypatch):
    monkeypatch.setattr("govapp.cli.everyone.BATCH", 2)
    people = [signed_in(login) for login in ("ann", "bea", "cid", "dan", "eve")]

    said = command.done("session", "revoke", "--everyone", "--reason", "key leaked")

    assert "Ended 5 sessions" in said.out
    assert not any(someone.is_signed_in for someone in people)
    assert {(row.end_reason, row.ended_by, row.end_note) for row in world.sessions()} == {
        ("ended-by-staff", "system", "key leaked")
    }
    (event,) = world.events("sessions_ended")
    assert event.details == {"of": "everyone", "note": "key leaked"}
    assert len(world.events("session_ended")) == 5
    people[0].sign_in("ann")
    assert people[0].is_signed_in


def test_what_lapsed_before_is_not_called_ended_by_staff(command, signed_in, world, clock):
    signed_in("bea")
    clock.advance(days=8)
    signed_in("mia")

    said = command.done("session", "revoke", "--everyone", "--reason", "key leaked")

    assert "Ended 1 session:" in said.out
    assert [(row.end_reason, row.end_note) for row in world.sessions()] == [
        ("idle", None),
        ("ended-by-staff", "key leaked"),
    ]


def test_everyone_is_out_even_if_the_marking_dies(command, signed_in, world, monkeypatch):
    bea = signed_in("bea")

    def die(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("govapp.cli.everyone._mark", die)
    with pytest.raises(KeyboardInterrupt):
        command("session", "revoke", "--everyone", "--reason", "key leaked")

    assert not bea.is_signed_in
    command.done("purge")
    assert [row.end_reason for row in world.sessions()] == ["ended-by-staff"]
