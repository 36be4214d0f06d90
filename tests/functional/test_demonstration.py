"""The demonstration: what it loads, for whom, and that it leaves everything else alone."""

import os
import re
import runpy
import stat
from collections import Counter

import pytest
from sqlalchemy import select

from govapp.audit import Event
from govapp.demonstration import main
from govapp.demonstration.people import SIGN_INS
from govapp.demonstration.sign_ins import new_password
from govapp.models import AuditEvent, NotBefore, Session, User
from govapp.passwords import problem
from govapp.policy import EndReason
from tests.support.command import write_ini
from tests.support.world import _Block


@pytest.fixture
def load(command, clock, capsys):
    """Run it, and return exit status and output."""

    def run():
        capsys.readouterr()
        status = main([str(command.ini)], clock=clock)
        return status, capsys.readouterr()

    return run


@pytest.fixture
def rows(app):
    """Return every row of a model."""

    def read(model):
        with _Block(app.registry["dbsession_factory"].kw["bind"]) as dbsession:
            return dbsession.scalars(select(model)).all()

    return read


def printed(said):
    """Return login and password of every sign-in that was printed."""
    return dict(re.findall(r"^  (\S+) +([a-z0-9]{5}(?:-[a-z0-9]{5}){3})  ", said.out, re.M))


def test_an_empty_database_is_filled(load, rows):
    status, said = load()

    assert status == 0 and said.err == ""
    assert "Go to http://localhost and sign in." in said.out
    assert len(rows(User)) == 60
    sessions = rows(Session)
    assert 180 <= len(sessions) <= 220
    reasons = Counter(row.end_reason for row in sessions)
    assert set(reasons) == {None, *EndReason} and 60 <= reasons[None] <= 80
    assert len({row.device for row in sessions}) >= 10
    assert len({row.address for row in sessions}) >= 60
    events = Counter(row.event for row in rows(AuditEvent))
    for event in (Event.SIGNED_IN, Event.SIGN_IN_FAILED, Event.SENSITIVE_READ, Event.TOKEN_REUSED):
        assert events[event]


def test_rows_keep_the_rules(load, rows, command, clock):
    load()

    for row in rows(Session):
        assert row.created_at <= row.last_seen_at <= clock()
        assert row.last_seen_at <= row.idle_expires_at
        if row.ended_at is None:
            assert min(row.expires_at, row.idle_expires_at) > clock()
        else:
            assert row.created_at <= row.ended_at <= clock()
    live = [row for row in rows(Session) if row.ended_at is None]
    assert len(command.done("session", "list", "--json").json) == len(live)
    times = [row.at for row in sorted(rows(AuditEvent), key=lambda row: row.id)]
    assert times[30:] == sorted(times[30:]) and max(times) <= clock()
    # Nothing is left for a purge to mend.
    assert "       0 sessions ended" in command.done("purge").out


def test_the_printed_sign_ins_work(load, browser, app):
    _, said = load()

    passwords = printed(said)
    assert set(passwords) == set(SIGN_INS)
    for login, password in passwords.items():
        assert problem(password, about=[login]) is None
        someone = browser()
        someone.sign_in(login, password)
        assert someone.is_signed_in


def test_a_second_run_loads_nothing_and_prints_the_same_again(load, rows):
    _, first = load()
    before = [len(rows(model)) for model in (User, Session, AuditEvent, NotBefore)]

    status, second = load()

    assert status == 0 and "Loaded" not in second.out
    assert printed(second) == printed(first)
    assert [len(rows(model)) for model in (User, Session, AuditEvent, NotBefore)] == before


def test_the_passwords_are_for_their_owner_only_and_new_for_each_database(
    load, tmp_path, database_url
):
    sqlite = database_url.startswith("sqlite")
    file = tmp_path / ("govapp.sqlite.sign-ins" if sqlite else "govapp.sign-ins")
    file.write_text("left over from another database")
    file.chmod(0o644)
    before = os.umask(0)
    try:
        _, said = load()
    finally:
        os.umask(before)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "left over" not in file.read_text()
    assert all(password in file.read_text() for password in printed(said).values())


def test_a_database_with_people_of_its_own_is_left_alone(load, rows, command, tmp_path):
    command.done("init", "--admin", "root", "--name", "Root")

    status, said = load()

    assert status == 0 and printed(said) == {}
    assert len(rows(User)) == 1 and list(tmp_path.glob("*.sign-ins")) == []


def test_what_fails_leaves_nothing_behind(load, rows, monkeypatch, tmp_path):
    def full(*args):
        raise OSError

    monkeypatch.setattr("govapp.demonstration.write", full)
    with pytest.raises(OSError):
        load()

    assert rows(User) == [] and list(tmp_path.glob("*.sign-ins")) == []


def test_production_is_refused(load, settings, command, monkeypatch):
    monkeypatch.delenv("GOVAPP_DATABASE_URL", raising=False)
    settings |= {
        "sqlalchemy.url": "postgresql+psycopg://gov@/gov?host=/nowhere",
        "govapp.env": "production",
        "govapp.base_url": "https://sessions.example.org",
        "govapp.cookie_secure": "true",
        "govapp.argon2_memory_kib": "19456",
        "govapp.argon2_iterations": "2",
    }
    write_ini(command.ini, settings)

    status, said = load()

    assert status == 1 and said.err == "govapp: The demonstration is not for production.\n"


def test_it_runs_as_a_program(command, monkeypatch, capsys):
    command.done("init", "--admin", "root", "--name", "Root")
    monkeypatch.setattr("sys.argv", ["govapp.demonstration", str(command.ini)])

    with pytest.raises(SystemExit) as left:
        runpy.run_module("govapp.demonstration", run_name="__main__")

    assert left.value.code == 0
    assert "sign in" in capsys.readouterr().out


def test_a_password_that_the_rules_refuse_is_drawn_again(monkeypatch):
    answers = iter(["This password is too easy to guess.", None])
    monkeypatch.setattr("govapp.passwords.problem", lambda password, about: next(answers))

    assert len(new_password(about=["bea"])) == 23
    assert list(answers) == []


@pytest.mark.parametrize("argv", [[], ["a.ini", "b.ini"]])
def test_usage(argv, capsys):
    assert main(argv) == 2
    assert "usage" in capsys.readouterr().err


def test_an_unusable_database_is_told(load, settings, command):
    settings["sqlalchemy.url"] = "sqlite:////nowhere/x.sqlite"
    write_ini(command.ini, settings)

    status, said = load()

    assert status == 1 and said.err.startswith("govapp: The database")
