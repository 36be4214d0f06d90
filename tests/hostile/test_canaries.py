"""No secret comes to light anywhere but in the one place that is for it.

Every flow is driven with secrets that can be recognised; then everything that came out, on pages,
in headers, logs, terminals and in the database, is searched for each of them in every coat.
"""

import base64
import json
import logging
import secrets
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from govapp import db
from govapp.logs import JSONFormatter
from govapp.models import Base
from tests.hostile.breakage import add_failures
from tests.hostile.canaries import Canary, Recorder, Sinks, coats, new_password
from tests.hostile.canary_flows import Flows
from tests.support.command import Command, write_ini
from tests.support.settings import SECRET
from tests.support.world import Browser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
# Where each kind of secret may be, and is: anything else, also anything less, is a failure.
PLACES = {
    "session token": {"cookie govapp"},
    "digest of a session token": {
        "database govapp_session.token_hash",
        "database govapp_session.previous_hash",
    },
    "CSRF token": {
        "hidden field csrf_token",
        "cookie govapp-visit",
        "database govapp_session.csrf_token",
    },
    "digest of a CSRF token": set(),
    "one-time link": {"standard output", "cookie govapp-visit"},
    "digest of a one-time link": {"database govapp_one_time_link.token_hash"},
    "password": set(),
    "wrong password": set(),
    "password hash": {"database govapp_user.password_hash"},
    "made-up token": set(),
    "digest of a made-up token": set(),
    "made-up CSRF token": set(),
    "digest of a made-up CSRF token": set(),
    # Whatever stands behind /welcome/ moves out of the address at once.
    "made-up link": {"cookie govapp-visit"},
    "digest of a made-up link": set(),
    "secret of the settings": set(),
    "password of the database": set(),
}
# Whose records must have been caught: of statements, of refusals, of 500 and 503, of what got past.
LOGGERS = {
    "sqlalchemy.engine.Engine",
    "govapp.sessions.afterwards",
    "govapp.ui.error_views",
    "govapp.ui.last_resort",
}
# An SQLite file is searched byte by byte, too; these columns are in it.
KEPT = {kind for kind, places in PLACES.items() if any("database" in place for place in places)}


@pytest.fixture
def extend():
    return add_failures


@pytest.fixture
def sinks():
    return Sinks()


@pytest.fixture
def logged(sinks):
    """Note every record of every logger, formatted as production.ini does, but down to DEBUG.

    SQLAlchemy's at INFO: that is what "echo" writes, each statement with its parameters.
    """
    handler, formatter = logging.Handler(), JSONFormatter()
    handler.emit = lambda record: sinks.add("log", formatter.format(record))
    root, engine = logging.getLogger(), logging.getLogger("sqlalchemy.engine")
    levels = root.level, engine.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    engine.setLevel(logging.INFO)
    yield
    root.removeHandler(handler)
    root.setLevel(levels[0])
    engine.setLevel(levels[1])


class Output:
    """What went to stdout and stderr, noted whoever asks for it."""

    def __init__(self, capsys, sinks):
        self._capsys, self._sinks = capsys, sinks

    def readouterr(self):
        said = self._capsys.readouterr()
        self._sinks.add("standard output", said.out)
        self._sinks.add("standard error", said.err)
        return said


def dump(url, sinks):
    """Note every column of every table, and of an SQLite database every byte."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
        # Without types, so that it is what really stands there.
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(text(f"SELECT * FROM {table.name}")).mappings().all()
            for column in table.columns:
                values = [row[column.name] for row in rows]
                noted = [bytes(v) if isinstance(v, bytes | memoryview) else str(v) for v in values]
                sinks.add(f"database {table.name}.{column.name}", *noted)
    if engine.dialect.name == "sqlite":
        for path in Path(make_url(url).database).parent.glob("govapp.sqlite*"):
            sinks.add("database file", path.read_bytes())


def dropper(url):
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    cascade = " CASCADE" if engine.dialect.name == "postgresql" else ""

    def drop(table):
        with engine.begin() as connection:
            connection.execute(text(f"DROP TABLE {table}{cascade}"))

    return drop


@pytest.mark.standard("S-003")
@pytest.mark.standard("S-012")
@pytest.mark.standard("S-077")
@pytest.mark.standard("S-121")
def test_no_secret_is_anywhere_but_in_its_place(
    logged, settings, database_url, app, world, clock, sinks, capsys, monkeypatch, tmp_path
):
    monkeypatch.delenv("GOVAPP_INI", raising=False)
    output = Output(capsys, sinks)
    shared = {"clock": clock, "capsys": output, "monkeypatch": monkeypatch}
    command = Command(write_ini(tmp_path / "canary.ini", settings), **shared)
    recorder = Recorder(app, sinks)
    sinks.learn("secret of the settings", SECRET)

    flows = Flows(
        sinks=sinks,
        browser=lambda: Browser(recorder, FIREFOX),
        command=command,
        world=world,
        new_password=new_password,
    )
    flows.create_people()
    flows.use_the_link()
    flows.sign_in_right_wrong_and_too_often()
    flows.confirm_and_change_the_password(clock)
    flows.end_sessions()
    flows.let_staff_work()
    flows.let_the_command_work()
    flows.send_what_is_malformed()
    flows.talk_to_a_server(recorder)
    flows.fail(db.engines(app.registry), monkeypatch)
    learn_hashes(database_url, sinks)
    dump(database_url, sinks)
    flows.lose_tables(dropper(database_url))
    refuse_settings(settings, sinks, shared, tmp_path)
    output.readouterr()

    expected = {
        kind: places | ({"database file"} if kind in KEPT and "sqlite" in database_url else set())
        for kind, places in PLACES.items()
    }
    assert sinks.found() == expected
    assert_each_was_sent_once(sinks)
    assert_every_sink_would_tell(sinks)


def learn_hashes(url, sinks):
    with create_engine(url, poolclass=NullPool, hide_parameters=True).connect() as connection:
        for (stored,) in connection.execute(text("SELECT password_hash FROM govapp_user")):
            # The beginning names the function and its parameters, which are no secret.
            sinks.learn("password hash", "$".join(stored.split("$")[-2:]))


def refuse_settings(settings, sinks, shared, tmp_path):
    """Settings that cannot be used are reported, without what is secret in them."""
    short = sinks.learn("secret of the settings", f"short-{secrets.token_hex(10)}")
    password = sinks.learn("password of the database", secrets.token_urlsafe(20))
    nowhere = f"postgresql+psycopg://gov:{password}@127.0.0.1:1/nowhere"
    for changed in (
        {"govapp.secrets": short},
        {"sqlalchemy.url": nowhere},
        {"sqlalchemy.url": f"nonsense:{password}"},
        {"govapp.database_url": f"nonsense:{password}", "govapp.idle_seconds": "x"},
        {"govapp.maintenance_url": nowhere},
    ):
        command = Command(write_ini(tmp_path / "bad.ini", settings | changed), **shared)
        for words in (("check",), ("session", "list"), ("db", "upgrade"), ("purge",)):
            said = command(*words)
            assert said.status == 1 or words != ("check",) or "maintenance" in str(changed)


def assert_each_was_sent_once(sinks):
    """A session's secret leaves the server once, in the answer that began or renewed it."""
    sent = [value for value in sinks.texts["cookie govapp"] if value]
    assert len(sent) == len(set(sent)) > 10


def assert_every_sink_would_tell(sinks):
    """A sink that caught nothing at all, or cannot find what is in it, proves nothing."""
    planted = Canary("planted", secrets.token_urlsafe(32).encode())
    silent = {sink for sink, texts in sinks.texts.items() if not "".join(texts).strip()}
    assert silent == set()
    loggers = {json.loads(line)["logger"] for line in sinks.texts["log"]}
    assert loggers >= LOGGERS
    assert sinks.search(planted) == {}
    for sink in sinks.texts:
        for needles in coats(planted.value).values():
            sinks.add(sink, f"…{needles[0]}…")
        assert sinks.search(planted, [sink])[sink] >= coats(planted.value).keys(), sink


@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("length", [20, 31, 32])
def test_a_secret_is_found_wherever_it_stands_in_what_was_encoded(length, shift):
    sinks, canary = Sinks(), Canary("planted", secrets.token_bytes(length))
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        sinks.add(encode.__name__, encode(b"a" * shift + canary.value + b"zzzz"))

    assert {sink: "base64" in coats for sink, coats in sinks.search(canary).items()} == {
        "b64encode": True,
        "urlsafe_b64encode": True,
    }
