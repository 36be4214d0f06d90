"""A running application with people in it, who stay signed in whatever is tried."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from sqlalchemy import create_engine, select

import govapp
from govapp.admin.seal import seal
from govapp.models import Session, User
from govapp.policy import EndReason
from govapp.sessions import ending
from govapp.users import create_link
from tests.hostile import surface
from tests.hostile.answers import check_answer
from tests.hostile.asked import CHANGES, asked
from tests.hostile.wire import send
from tests.support import staff
from tests.support.backup import Backup
from tests.support.tables import dump, forget_guesses
from tests.support.world import PASSWORD, SYSTEM, Browser, World

NEW_PASSWORD = "correct horse battery staple"
# Who attacks: somebody with a one-time link, somebody with no power, somebody with all of it.
LOGINS = {"anonymous": None, "customer": "bea", "administrator": "ada@example.org"}
FORM = ("Content-Type", "application/x-www-form-urlencoded")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"


class Site:
    """One application over one database; every attack finds it in the same state."""

    def __init__(self, settings, clock):
        self.app = govapp.configure(settings).make_wsgi_app()
        self.app.registry["govapp.clock"] = clock
        self.settings, self.clock = settings, clock
        self.world = World(self.app, clock)
        self.engine = create_engine(self.world.engine.url)
        self.routes = surface.routes(self.app.registry.introspector)
        self.refs, self.cookies, self.tokens, self.own_sessions = {}, {}, {}, {}

    def __enter__(self):
        self.world.__enter__()
        self._populate()
        for who, login in LOGINS.items():
            self._open_browser(who, login)
        self.before, self._backup = dump(self.engine), Backup(self.engine)
        return self

    def __exit__(self, *error):
        self.world.__exit__()
        self._backup.close()
        self.engine.dispose()
        self.app.registry["dbsession_factory"].kw["bind"].dispose()
        self.app.registry["govapp.engines"].dispose()

    def _populate(self):
        world, now = self.world, self.clock()
        bea, sam = world.user("bea", "customers"), world.user("sam", "support")
        ada, self.bystander = world.user("ada@example.org", "admins"), world.user("cas")
        ended, other = staff.begin(world, bea, count=2)
        (foreign,) = staff.begin(world, self.bystander)
        with world.db() as db:
            row = db.scalar(select(Session).where(Session.public_id == uuid.UUID(ended)))
            reason = EndReason.ENDED_BY_STAFF
            ending.end(db, [row], reason=reason, actor=SYSTEM, now=now, note="lost")
            user = db.get_one(User, bea)
            link = create_link(db, user, actor=SYSTEM, now=now, link_seconds=3600)
        self.refs = {
            "{password}": PASSWORD,
            "{new password}": NEW_PASSWORD,
            "{customer}": bea,
            "{staff}": sam,
            "{administrator}": ada,
            "{other session}": other,
            "{ended session}": ended,
            "{foreign session}": foreign,
            "{link}": link,
            "{sealed 3}": seal(3, self.app.registry["govapp.settings"].secrets),
        }

    def _open_browser(self, who, login):
        browser = Browser(self.app, FIREFOX)
        if login is None:
            browser.get(f"/welcome/{self.refs['{link}']}", status=303)
        else:
            browser.sign_in(login)
            with self.world.db() as db:
                newest = db.scalar(select(Session).order_by(Session.id.desc()).limit(1))
            self.own_sessions[who] = newest.public_id.hex
        self.tokens[who] = browser.csrf_token()
        self.cookies[who] = "; ".join(f"{c.name}={c.value}" for c in browser.test_app.cookiejar)

    # ------------------------------------------------------------ requests

    def resolve(self, value, who):
        """Return bytes with what stands in braces put in."""
        own = self.own_sessions.get(who, self.refs["{foreign session}"])
        for name, real in {**self.refs, "{own session}": own}.items():
            value = value.replace(name.encode(), real.encode())
        return value

    def get(self, who, path, query=b"", headers=()):
        """Open a page like this person's browser does."""
        headers = [("Cookie", self.cookies[who]), *headers]
        return send(self.app, "GET", path, query=query, headers=headers)

    def form(self, who, fields):
        """Return the body of a form with this person's token."""
        return urlencode([*fields, (b"csrf_token", self.tokens[who].encode())]).encode()

    def send(self, who, method, path, *, query=b"", headers=(), body=b"", **environ):
        """Send anything from this person's browser, unless headers say otherwise."""
        forget_guesses(self.engine)
        given = {name.lower() for name, _ in headers}
        usual = [("Cookie", self.cookies[who])] + [FORM] * bool(body)
        headers = [*(pair for pair in usual if pair[0].lower() not in given), *headers]
        return send(self.app, method, path, query=query, headers=headers, body=body, **environ)

    # ------------------------------------------------------------ attacks

    def attack(self, who, attack):
        """Send an attack, and see that nothing came of it which was not asked for.

        Return the answer, and the tables that were changed.
        """
        path = self.resolve(attack.path, who)
        query = [tuple(self.resolve(part, who) for part in pair) for pair in attack.query]
        fields = [tuple(self.resolve(part, who) for part in pair) for pair in attack.fields]
        answer = self.send(
            who,
            attack.method,
            path,
            query=urlencode(query).encode(),
            headers=attack.headers,
            body=self.form(who, fields) if attack.method == "POST" else b"",
        )
        check_answer(answer, path)
        rightly = attack.method == "POST" and asked(self, who, attack.route, path, fields)
        return answer, self.changed(CHANGES[attack.route.name] if rightly else set())

    def changed(self, allowed=frozenset()):
        """Return the tables that were changed and put them back; see that they are allowed."""
        after = dump(self.engine)
        if after == self.before:
            return set()
        self.put_back()
        difference = {
            table: sorted({*rows} ^ {*after[table]})
            for table, rows in self.before.items()
            if rows != after[table]
        }
        assert difference.keys() <= allowed, difference
        assert self.bystander not in str(difference), difference
        return set(difference)

    def put_back(self):
        """Make the database what it was before all attacks."""
        self._backup.restore()
