"""``govapp audit list``, ``audit export`` and ``purge``."""

import json

import pytest

from govapp.models import AuditEvent


def test_the_latest_events_are_listed_the_newest_last(command, world, browser):
    world.user("bea", "customers")
    bea = browser()
    bea.sign_in("bea")
    bea.sign_out()

    rows = command.done("audit", "list", "--limit", "3", "--json").json

    assert [row["event"] for row in rows] == [
        "session_created",
        "authn_login_success",
        "session_ended",
    ]
    assert rows[-1]["address"] == "203.0.113.7" and "fold_key" not in rows[-1]
    assert "session_ended" in command.done("audit", "list").out


def test_events_are_found_by_person_and_name(command, world):
    bea, mia = world.user("bea", "customers"), world.user("mia", "customers")

    rows = command.done("audit", "list", "--user", "bea", "--json").json
    assert {row["subject_id"] for row in rows} == {bea}

    rows = command.done("audit", "list", "--event", "user_created", "--json").json
    assert [row["subject_id"] for row in rows] == [bea, mia]
    assert "There is no user" in command.refused("audit", "list", "--user", "nobody")


@pytest.mark.parametrize("name", ["nope", "", "SESSION_ENDED"])
def test_an_event_that_is_none_is_refused_and_not_found_empty(command, name):
    assert "There is no event" in command.refused("audit", "list", "--event", name)
    assert command.done("audit", "list", "--event", "session_ended", "--json").json == []


def test_the_export_is_every_event_as_a_line_of_json(command, world, monkeypatch):
    monkeypatch.setattr("govapp.cli.output.PAGE", 3)
    world.user("bea", "customers")

    lines = command.done("audit", "export").out.splitlines()

    events = [json.loads(line) for line in lines]
    assert [event["id"] for event in events] == [row.id for row in world.events()]
    assert all(event["at"].endswith("+00:00") for event in events)


@pytest.mark.standard("S-122")
def test_no_value_breaks_a_line(command, world, clock):
    hostile = '\r\n\x1b[2J\u2028\u202e","outcome":"ok'
    with world.db() as db:
        db.add(
            AuditEvent(
                at=clock(), event="x", outcome="refused", reason=hostile, details={"a": hostile}
            )
        )

    last = command.done("audit", "export").out.splitlines()[-1]

    assert last.isascii() and json.loads(last)["reason"] == hostile
    text = command.done("audit", "list", "--limit", "1").out
    assert len(text.splitlines()) == 2 and "\x1b" not in text and "\u202e" not in text


def test_the_trail_is_read_on_a_connection_that_cannot_write(command, world, monkeypatch):
    from govapp.cli import trail

    def export(context, arguments):
        with context.reading() as reader:
            reader.add(AuditEvent(at=context.now, event="x", outcome="x", details={}))
            reader.flush()

    monkeypatch.setattr(trail, "export", export)

    refusal = command.refused("audit", "export")

    assert "read" in refusal


def test_purge_says_what_it_did(command, world, browser, clock):
    world.user("bea", "customers")
    browser().sign_in("bea")
    clock.advance(days=8)

    said = command.done("purge")

    assert "1 sessions ended" in said.out
    (event,) = world.events("purge")
    assert event.actor_id == "system" and event.details["sessions_ended"] == 1
