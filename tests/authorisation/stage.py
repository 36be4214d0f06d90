"""The people of the matrix, each signed in once, and the database put back as they left it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import bindparam, create_engine, select, text
from sqlalchemy.engine import make_url

import govapp
from govapp import users
from govapp.audit import Event
from govapp.models import AuditEvent, Base, Session, User
from govapp.policy import EndReason, Permission
from tests.conftest import Clock
from tests.support.backup import Backup
from tests.support.settings import settings_for
from tests.support.staff import begin
from tests.support.world import SYSTEM, Browser, World

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
# Only of people whom the columns look at; whoever looks comes from 203.0.113.7.
ADDRESS = "198.51.100.7"
# Row numbers that no page shows by accident.
FIRST_ROW = 730_017_000
# The last request of each was so long ago that the next one is to be noted as its last activity.
SINCE_LAST_SEEN = {"seconds": 120}
TARGETS = {
    "customer": ("carl@example.org", ["customers"]),
    "outsider": ("olga@example.net", ["partners"]),
    "stronger": ("stan@example.com", ["customers", "admins"]),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: nobody has no ``user_id``. ``cookie`` and ``csrf`` are theirs alone."""

    login: str
    cookie: str
    csrf: str
    user_id: str | None = None
    own: str = ""
    other: str = ""


class Stage:
    """One application and one database; ``ids[kind][target]`` is what a URL takes."""

    def __init__(self, app, clock, world, url):
        self.app, self.clock, self.world = app, clock, world
        # Apart from the application's: it sees what was committed, as others do.
        self.engine = create_engine(url)
        self.people: dict[str, Person] = {}
        self.ids = {
            "sessions": {"unknown": "0" * 32, "malformed": "0" * 31},
            "users": {"unknown": "0" * 32, "malformed": "0" * 31},
            "groups": {
                "customer": "customers",
                "outsider": "partners",
                "stronger": "admins",
                "unknown": "nobodys",
                "malformed": "No_Group",
            },
        }
        self.logins = {name: login for name, (login, _) in TARGETS.items()}
        self.logins["unknown"] = "nobody@example.org"
        self.link = ""

    def arrange(self, who):
        """Add everybody, sign them in, and remember how it all was."""
        self.world.group("partners")
        for name, (login, groups) in TARGETS.items():
            user_id = self.ids["users"][name] = self.world.user(login, *groups)
            found = begin(self.world, user_id, count=2, address=ADDRESS)
            self.ids["sessions"][name] = found[0]
        (self.ids["sessions"]["ended"],) = begin(self.world, self.ids["users"]["customer"])
        with self.world.db() as db:
            ended = db.query(Session).order_by(Session.id.desc()).first()
            ended.ended_at, ended.end_reason = self.clock(), EndReason.SIGNED_OUT
            customer = db.get_one(User, self.ids["users"]["customer"])
            facts = {"actor": SYSTEM, "now": self.clock(), "link_seconds": 86_400}
            self.link = users.create_link(db, customer, **facts)
        for name, holds in who.items():
            self.people[name] = self._sign_in(name, holds)
        self._renumber()
        self.clock.advance(**SINCE_LAST_SEEN)
        self._last_event = 0
        self.arranged, events = self.look()
        self._last_arranged = events[-1].id
        self._backup = Backup(self.engine)

    def _sign_in(self, name, holds):
        browser = Browser(self.app, FIREFOX)
        if holds == "nobody":
            csrf = browser.csrf_token()
            visit = browser.test_app.cookies["govapp-visit"]
            return Person("", f"govapp-visit={visit}", csrf)
        login = f"{name.replace(':', '-')}@example.edu"
        user_id = self.world.user(login, self._group(name, holds), name=f"Col {name}")
        (other,) = begin(self.world, user_id)
        browser.sign_in(login)
        own = self.world.sessions(user_id)[-1].public_id.hex
        return Person(login, f"govapp={browser.cookie}", browser.csrf_token(), user_id, own, other)

    def _group(self, name, holds):
        """Return the group that holds what this column says, and makes it where it must."""
        if holds.startswith("member of "):
            return holds.removeprefix("member of ")
        what, _, over = holds.partition(" over ")
        group = f"column-{name.replace(':', '-')}"
        self.world.group(group)
        for permission in Permission if what == "every permission" else [Permission(what)]:
            self.world.grant(group, permission, over="*" if over == "everyone" else over)
        return group

    # ------------------------------------------------------------ what is in the database

    def look(self):
        """Return every row of every table by its name, and the events since the last look.

        In a transaction of its own, so only what is committed. Without what any request may
        move: a session's last activity, and the audit trail's refusals and reads. Flash messages
        stand apart.
        """
        with self.engine.connect() as connection:
            rows = {
                name: [tuple(row) for row in connection.exec_driver_sql(statement)]
                for name, statement in STATEMENTS.items()
            }
            events = connection.execute(NEW_EVENTS, {"last": self._last_event}).all()
        if events:
            self._last_event = events[-1].id
        return rows, events

    def restore(self):
        """Put everything back as it was arranged."""
        self._last_event = self._last_arranged
        self._backup.restore()

    def close(self):
        """Let go of every connection."""
        self.app.registry["dbsession_factory"].kw["bind"].dispose()
        self.app.registry["govapp.engines"].dispose()
        self.engine.dispose()
        self._backup.close()

    def _renumber(self):
        """Give rows numbers that no page shows by accident."""
        with self.engine.begin() as connection:
            for table in (Session.__tablename__, AuditEvent.__tablename__):
                connection.execute(text(f"UPDATE {table} SET id = id + {FIRST_ROW}"))
                if connection.dialect.name == "postgresql":
                    sequence = f"pg_get_serial_sequence('{table}', 'id')"
                    connection.execute(text(f"SELECT setval({sequence}, {FIRST_ROW + 10_000})"))


def _statements():
    apart = {"last_seen_at", "idle_expires_at", "data"}
    for table in Base.metadata.sorted_tables:
        is_session = table.name == Session.__tablename__
        columns = [c.name for c in table.c if not (is_session and c.name in apart)]
        kept = f" WHERE outcome = 'success' AND event <> '{Event.SENSITIVE_READ}'"
        yield (
            table.name,
            f"SELECT {', '.join(columns)} FROM {table.name}"
            f"{kept if table.name == AuditEvent.__tablename__ else ''}"
            f" ORDER BY {', '.join(c.name for c in table.primary_key)}",
        )
    yield "flash", f"SELECT id, data FROM {Session.__tablename__} ORDER BY id"


STATEMENTS = dict(_statements())
NEW_EVENTS = (
    select(AuditEvent.id, AuditEvent.event, AuditEvent.outcome, AuditEvent.actor_id)
    .add_columns(AuditEvent.fold_key)
    .where(AuditEvent.id > bindparam("last"))
    .order_by(AuditEvent.id)
)


@contextmanager
def staged(url, who):
    """Yield a stage on this migrated, empty database with these people; see Stage.arrange."""
    config = govapp.configure(settings_for(url))
    app, clock = config.make_wsgi_app(), Clock()
    app.registry["govapp.clock"] = clock
    with World(app, clock) as world:
        stage = Stage(app, clock, world, make_url(url))
        stage.arrange(who)
        try:
            yield stage
        finally:
            stage.close()
