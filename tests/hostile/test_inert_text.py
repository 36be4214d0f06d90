"""Text that somebody else chose is only ever text: on pages, in a terminal, in JSON, in logs."""

import json
import logging
import re
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select, update

from govapp.audit import Event
from govapp.logs import JSONFormatter
from govapp.models import AuditEvent, Session, User
from tests.hostile.answers import UNDISPLAYABLE, check_answer
from tests.support.command import Command, write_ini
from tests.support.world import PASSWORD

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "image": "\"><img src=x onerror=alert(1)>' autofocus onfocus=alert(1) x='",
    "template": "{{7*7}}{% raw %}${7*7}#{7*7}%(x)s{x.__class__}",
    "bidi": "\u202egnp.exe\u202c\u2066\u2069\u200e\u061c\u200b\ufeff\u00ad",
    "terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m\x08\x7f",
    "lines": "one\r\ntwo\u2028three\u2029four\x85five\x0bsix\x0cseven",
    "record": '","outcome":"ok"},{"a":"\\u0000\\',
    "tags": "\U000e0041\U000e0042\ufff9\ufffb",
    "length": "A" * 20_000,
}
# A text column of PostgreSQL takes no NUL; SQLite's does.
NUL = "\0"
PAGES = (
    ("customer", b"/account/sessions", b""),
    ("customer", b"/account/password", b""),
    ("customer", b"/confirm", b""),
    ("anonymous", b"/welcome", b""),
    ("administrator", b"/admin", b""),
    ("administrator", b"/admin/sessions", b"state=all"),
    ("administrator", b"/admin/sessions/{ended session}", b""),
    ("administrator", b"/admin/sessions/{other session}", b""),
    ("administrator", b"/admin/users", b""),
    ("administrator", b"/admin/users/{customer}", b""),
    ("administrator", b"/admin/groups", b""),
    ("administrator", b"/admin/audit", b""),
    ("administrator", b"/nowhere", b""),
)
# Where each hostile text must be seen, or the test would prove nothing.
SHOWN = {
    "name": (b"/account/sessions", b"/welcome", b"/admin/users", b"/admin/audit"),
    "login": (b"/welcome", b"/admin/users"),
    "device": (b"/account/sessions", b"/admin/sessions", b"/admin/users/{customer}"),
    "method": (b"/account/sessions", b"/admin/sessions/{other session}"),
    "note": (b"/account/sessions", b"/admin/sessions/{ended session}"),
    "reason": (b"/admin/audit",),
    "details": (b"/admin/audit",),
    "flash": (b"/account/sessions",),
}
ENTRY = {"time", "level", "logger", "message", "request_id", "event", "incident", "exception"}


@pytest.fixture(params=HOSTILE)
def text(request, site):
    """One hostile text, written wherever text can be, as if no form had ever checked it."""
    found = HOSTILE[request.param] + (NUL if site.engine.dialect.name == "sqlite" else "")
    write(site, found)
    yield found
    site.put_back()


def write(site, text):
    """Put the text, behind a word for each place, into every column that shows what was typed."""
    bea, places = site.refs["{customer}"], {place: f"{place} {text}" for place in SHOWN}
    person, details = {"name": places["name"], "login": places["login"]}, {"device": text}
    event = {"at": site.clock(), "outcome": "success", "subject_id": bea, "count": 1}
    ended = {**event, "event": Event.SESSION_ENDED, "reason": places["reason"], "details": {}}
    begun = {**event, "event": Event.SESSION_CREATED, "details": {"note": places["details"]}}
    flash = {"flash": {"": [places["flash"]]}}
    with site.engine.begin() as db:
        theirs = update(Session).where(Session.user_id == bea)
        db.execute(update(User).where(User.id == bea).values(person))
        db.execute(theirs.values(device=places["device"], method=places["method"]))
        db.execute(theirs.where(Session.ended_at.is_(None)).values(data=flash))
        db.execute(theirs.where(Session.ended_at.is_not(None)).values(end_note=places["note"]))
        db.execute(AuditEvent.__table__.insert(), ended)
        db.execute(AuditEvent.__table__.insert(), {**begun, "details": begun["details"] | details})


@pytest.mark.standard("S-103")
def test_text_on_a_page_is_only_text(site, text):
    seen = {}
    for who, path, query in PAGES:
        answer = site.get(who, site.resolve(path, who), query)
        check_answer(answer)
        page = BeautifulSoup(answer.body, "html.parser")
        values = [str(v) for tag in page.find_all(True) for v in tag.attrs.values()]
        seen[path] = " ".join([*page.stripped_strings, *values])

    # It is there, as it was typed as far as it can be shown: leaving it out would prove nothing.
    beginning = UNDISPLAYABLE.split(text)[0][:20]
    missing = [
        (place, path)
        for place, paths in SHOWN.items()
        for path in paths
        if f"{place} {beginning}" not in seen[path]
    ]
    assert missing == []


def test_a_reason_that_we_do_not_know_is_not_repeated_at_sign_in(site, text):
    own = update(Session).where(Session.public_id == UUID(site.own_sessions["customer"]))
    with site.engine.begin() as db:
        db.execute(own.values(ended_at=site.clock(), end_reason=text, end_note=text))

    for path in (b"/sign-in", b"/account/sessions"):
        answer = site.get("customer", path)
        check_answer(answer)
        assert text[:10] not in answer.body.decode()


# ---------------------------------------------------------------- terminals and programs


@pytest.fixture
def command(site, tmp_path, capsys, monkeypatch):
    """The ``govapp`` command on the site's database."""
    monkeypatch.delenv("GOVAPP_INI", raising=False)
    return Command(
        write_ini(tmp_path / "site.ini", site.settings),
        clock=site.clock,
        capsys=capsys,
        monkeypatch=monkeypatch,
    )


@pytest.mark.standard("S-103")
@pytest.mark.standard("S-122")
@pytest.mark.parametrize("words", [("session", "list", "--state", "all"), ("audit", "list")])
def test_text_in_a_terminal_is_only_text_and_a_row_is_a_line(site, text, command, words):
    table, rows = command.done(*words).out, command.done(*words, "--json")

    assert not UNDISPLAYABLE.search(table)
    assert len(table.splitlines()) == len(rows.json) + 1
    assert rows.out.isascii() and rows.out.replace("\n", "").isprintable()
    shown = {value for row in rows.json for value in row.values() if isinstance(value, str)}
    assert {value for value in shown if value.endswith(text)}


@pytest.mark.standard("S-122")
def test_text_in_an_export_is_only_text_and_an_event_is_a_line(site, text, command):
    lines = command.done("audit", "export").out.splitlines()

    assert all(line.isascii() and line.isprintable() for line in lines)
    events = [json.loads(line) for line in lines]
    assert f"reason {text}" in {event["reason"] for event in events}
    assert {event["outcome"] for event in events} <= {"success", "refused"}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(
    "words",
    [
        ("user", "disable", "{text}"),
        ("user", "create", "newcomer", "--name", "{text}\n"),
        ("user", "groups", "bea", "--add", "{text}"),
        ("group", "create", "{text}"),
        ("grant", "support", "{text}", "--over", "{text}"),
        ("session", "revoke", "{text}", "--reason", "lost"),
        ("session", "revoke", "--user", "bea", "--reason", "{text}\n\x07"),
        ("audit", "list", "--event", "{text}"),
    ],
    ids=" ".join,
)
def test_what_the_command_refuses_it_repeats_as_text(site, command, kind, words):
    refusal = command.refused(*(word.replace("{text}", HOSTILE[kind]) for word in words))

    assert not UNDISPLAYABLE.search(refusal)
    assert site.changed() == set()


# ---------------------------------------------------------------- logs


class Broken:
    """A hasher that fails, and says what it was given."""

    def __init__(self, text):
        self._text = text

    def verify(self, stored, password):
        raise RuntimeError(f"cannot hash {self._text}")


@pytest.fixture
def lines():
    """Lines as the formatter of production.ini writes them, of every record of every logger."""
    found, root = [], logging.getLogger()
    handler = logging.Handler()
    handler.emit = lambda record: found.append(JSONFormatter().format(record))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield found
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.standard("S-122")
def test_text_in_a_log_stays_in_its_line(site, text, lines, monkeypatch):
    sent = text.replace("\r", "").replace("\n", "").encode("utf-8", "surrogatepass")
    headers = [(name, sent.decode("latin-1")) for name in ("User-Agent", "X-Forwarded-For")]
    form = [(b"login", text.encode()), (b"password", text.encode())]
    body = site.form("anonymous", form)

    site.send("anonymous", "POST", b"/sign-in", headers=headers, body=body)
    site.send("anonymous", "GET", b"/" + sent, headers=headers)
    monkeypatch.setitem(site.app.registry, "govapp.hasher", Broken(text))
    failed = site.send("anonymous", "POST", b"/sign-in", headers=headers, body=body)

    assert failed.status == 500 and text[:10] not in failed.body.decode()
    entries = [json.loads(line) for line in lines]
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert f"cannot hash {text}" in entries[-1]["exception"]
    assert all(set(entry) <= ENTRY for entry in entries)
    assert "authn_login_fail" in {entry.get("event") for entry in entries}


# ---------------------------------------------------------------- devices


@pytest.mark.standard("S-128")
@pytest.mark.parametrize("kind", [*HOSTILE, "10 KB", "bytes", "none"])
def test_whatever_a_browser_calls_itself_only_a_short_plain_label_is_kept(site, kind):
    agents = {"10 KB": "Mozilla/5.0 (X11; " + "x" * 10_000, "bytes": "\xff\xfe\x80", "none": ""}
    agent = agents.get(kind, f"Mozilla/5.0 {HOSTILE.get(kind)} Firefox/142.0")
    sent = agent.encode("utf-8", "surrogatepass").translate(None, b"\r\n").decode("latin-1")
    body = site.form("anonymous", [(b"login", b"bea"), (b"password", PASSWORD.encode())])

    answer = site.send("anonymous", "POST", b"/sign-in", headers=[("User-Agent", sent)], body=body)

    with site.world.db() as db:
        session = db.scalar(select(Session).order_by(Session.id.desc()).limit(1))
        event = db.scalar(select(AuditEvent).where(AuditEvent.event == Event.SESSION_CREATED)
                          .order_by(AuditEvent.id.desc()).limit(1))  # fmt: skip
    changed = site.changed({"govapp_session", "govapp_audit_event"})
    assert answer.status == 303 and changed
    assert re.fullmatch(r"[A-Za-z0-9 ._+()-]{1,84}", session.device)
    assert event.details["device"] == session.device
    assert not answer.all("Accept-CH")
