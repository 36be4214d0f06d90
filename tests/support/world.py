"""What tests arrange, and what people do in a browser."""

from __future__ import annotations

import re
from http.cookiejar import Cookie

from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session as DBSession
from webtest import TestApp

from govapp import giving, users
from govapp.audit import Actor
from govapp.cli.groups import create_standard_groups
from govapp.models import AuditEvent, Session, User
from govapp.policy import Grant, Limits

PASSWORD = "seven lazy otters swim"
SYSTEM = Actor(user_id="system")
STAFF_LIMITS = Limits(idle_seconds=3600, absolute_seconds=43200)


class World:
    """The database as a test arranges and inspects it, over a connection of its own."""

    def __init__(self, app, clock):
        self.app = app
        self.clock = clock
        self.engine = create_engine(app.registry["dbsession_factory"].kw["bind"].url)
        self._password_hash = app.registry["govapp.hasher"].hash(PASSWORD)

    def __enter__(self):
        with self.db() as db:
            create_standard_groups(db, actor=SYSTEM, now=self.clock(), staff_limits=STAFF_LIMITS)
        return self

    def __exit__(self, *error):
        self.engine.dispose()

    def db(self):
        """A session whose block commits: a fresh connection, so only committed data is seen."""
        return _Block(self.engine)

    def user(self, login, *groups, name=None, password=True):
        """Add a person to groups and return their id."""
        with self.db() as db:
            user = users.create(
                db,
                login,
                name or login.title(),
                password_hash=self._password_hash if password else None,
                actor=SYSTEM,
                now=self.clock(),
            )
            for group in groups:
                self._join(db, user.id, group)
            return user.id

    def join(self, user_id, group):
        with self.db() as db:
            self._join(db, user_id, group)

    def leave(self, user_id, group):
        with self.db() as db:
            giving.remove_member(db, group, user_id, giver=None, actor=SYSTEM, now=self.clock())

    def grant(self, group, permission, over="*"):
        with self.db() as db:
            giving.add_grant(
                db,
                group,
                Grant(permission, over),
                giver=None,
                actor=SYSTEM,
                now=self.clock(),
                staff_limits=STAFF_LIMITS,
            )

    def group(self, name):
        with self.db() as db:
            giving.create_group(db, name, actor=SYSTEM, now=self.clock())

    def _join(self, db, user_id, group):
        giving.add_member(
            db,
            group,
            user_id,
            giver=None,
            actor=SYSTEM,
            now=self.clock(),
            staff_limits=STAFF_LIMITS,
        )

    def sessions(self, user_id=None):
        """All session rows, oldest first."""
        with self.db() as db:
            statement = select(Session).order_by(Session.id)
            if user_id is not None:
                statement = statement.where(Session.user_id == user_id)
            return db.scalars(statement).all()

    def only_session(self, user_id):
        (row,) = self.sessions(user_id)
        return row

    def events(self, *names):
        """Audit events, oldest first; all, or those with these names."""
        with self.db() as db:
            rows = db.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        return [row for row in rows if not names or row.event in names]

    def get_user(self, user_id):
        with self.db() as db:
            return db.get_one(User, user_id)


class _Block:
    """A database session that commits at the end of its block."""

    def __init__(self, engine):
        self._session = DBSession(engine, expire_on_commit=False)

    def __enter__(self):
        return self._session

    def __exit__(self, error, *rest):
        if error is None:
            self._session.commit()
        self._session.close()


class Browser:
    """A person's browser: a cookie jar and what people do with forms."""

    def __init__(self, app, user_agent):
        self.test_app = TestApp(
            app, extra_environ={"HTTP_USER_AGENT": user_agent, "REMOTE_ADDR": "203.0.113.7"}
        )

    def get(self, path, status=None, **kw):
        return self.test_app.get(path, status=status, **kw)

    def post(self, path, fields=(), status=None, csrf=True, **kw):
        """Send a form, with this browser's CSRF token unless told otherwise."""
        pairs = list(fields.items()) if isinstance(fields, dict) else list(fields)
        if csrf:
            pairs.append(("csrf_token", self.csrf_token()))
        return self.test_app.post(path, pairs, status=status, **kw)

    def csrf_token(self):
        page = self.test_app.get("/sign-in")
        if page.status_int == 303:
            page = self.test_app.get("/account/sessions")
        return re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)

    def sign_in(self, login, password=PASSWORD, status=303):
        return self.post("/sign-in", {"login": login, "password": password}, status=status)

    def sign_out(self):
        return self.post("/sign-out", status=303)

    def confirm(self, password=PASSWORD, status=303):
        return self.post("/confirm", {"password": password}, status=status)

    @property
    def cookie(self):
        """The secret in the session cookie, or None."""
        return self.test_app.cookies.get("govapp")

    @cookie.setter
    def cookie(self, value):
        # WebTest's set_cookie quotes the value and files it under another domain than the
        # server's own: a replayed secret would never count, whatever the server does.
        self.test_app.cookiejar.set_cookie(
            Cookie(
                0,
                "govapp",
                value,
                None,
                False,
                "localhost.local",
                True,
                False,
                "/",
                True,
                False,
                None,
                False,
                None,
                None,
                {},
            )
        )

    @property
    def is_signed_in(self):
        return self.test_app.get("/account/sessions").status_int == 200

    def session_ids(self, state="live"):
        """The ids of the sessions that "My sessions" lists."""
        page = self.test_app.get("/account/sessions", status=200)
        rows = page.html.find_all(attrs={"data-session-id": True, "data-state": state})
        return [row["data-session-id"] for row in rows]
