"""What every kind of page has to show at its fullest and at its emptiest; only looked at."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from govapp import users
from govapp.models import Session
from govapp.policy import EndReason, Limits
from govapp.sessions import ending, store, tokens
from tests.support.world import SYSTEM

LIMITS = Limits(idle_seconds=604_800, absolute_seconds=2_592_000)
LONG_NAME = "Maximiliana Wilhelmine Theodora von Hohenstein-Ravensburgers"
DEVICES = (
    "Firefox on Linux",
    "Safari on iPhone",
    "Unknown-" + "W" * 90,
    "<script>alert(1)</script>",
)
ADDRESSES = ("198.51.100.7", "2001:db8:85a3:1111:2222:8a2e:370:7334")
NOTE = "reported stolen on the train, " * 16


class Stage:
    """People by login, and for each a session whose secret is known."""

    def __init__(self, site):
        self.site = site
        self.world = world = site.world
        self.secrets = {}
        self.ids = {
            "ada": world.user("ada", "admins", name=LONG_NAME),
            "sam": world.user("sam", "support", name="Sam Ode"),
            "lou": world.user("lou", "customers", name="Lou Park"),
            "bea": world.user("bea", "customers", name="Bea Lind"),
            "kim": world.user("kim@example.org", "customers", name="Kim <b>Ito</b>"),
            "dan": world.user("dan", "customers", name="Dan Ruiz", password=False),
        }
        # Staff over nobody; staff who manage what they do not hold; and one who is out of reach.
        self._staff("eli", ["admin:view", "session:list", "user:list"], over="nobody")
        self._staff("mia", ["user:list", "user:manage"])
        world.grant("mia-staff", "grant:manage", "customers")
        self.ids["pia"] = world.user("pia", "customers", "auditors", name="Pia Sol")
        for number in range(55):
            world.user(f"guest{number:02}", "customers")
        self.link = self._add_link("dan")
        self.ended = self._begin("kim", 12)
        self._end(self.ended)
        self.secrets["gone"] = self.secrets["kim"]
        self.live = self._begin("kim", 60)
        for who in ("ada", "sam", "lou", "lou", "lou", "bea", "eli", "mia"):
            self._begin(who, 1)
        self._disable("guest54")

    def _staff(self, login, permissions, *, over="*"):
        for group in {f"{login}-staff", over} - {"*"}:
            self.world.group(group)
        for permission in (*permissions, "audit:read"):
            self.world.grant(f"{login}-staff", permission, over)
        self.ids[login] = self.world.user(login, f"{login}-staff")

    def _begin(self, who, count):
        with self.world.db() as db:
            # The last is the newest, and the one whose secret is kept.
            ages = reversed(range(count))
            return [self._row(db, who, number).public_id.hex for number in ages]

    def _row(self, db, who, number):
        self.secrets[who] = tokens.new_token()
        return store.begin(
            db,
            token=self.secrets[who],
            user_id=self.ids[who],
            method="password",
            address=ipaddress.ip_address(ADDRESSES[number % len(ADDRESSES)]),
            device=DEVICES[number % len(DEVICES)],
            limits=LIMITS,
            now=self.world.clock() - timedelta(hours=number % 5),
        )

    def _end(self, public_ids):
        with self.world.db() as db:
            wanted = [tokens.parse_public_id(text) for text in public_ids]
            ending.end(
                db,
                db.query(Session).where(Session.public_id.in_(wanted)).all(),
                reason=EndReason.ENDED_BY_STAFF,
                actor=SYSTEM,
                now=self.world.clock(),
                note=NOTE,
            )

    def _disable(self, login):
        with self.world.db() as db:
            users.disable(
                db,
                users.by_login(db, login),
                own_id=None,
                actor=SYSTEM,
                now=self.world.clock(),
                limits=LIMITS,
            )

    def _add_link(self, who):
        with self.world.db() as db:
            user = users.by_login(db, who)
            return users.create_link(
                db, user, actor=SYSTEM, now=self.world.clock(), link_seconds=3600
            )
