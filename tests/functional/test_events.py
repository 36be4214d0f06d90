"""Every event of the audit trail, by the shortest way to it: one record each, and a whole one."""

import json
import re
from datetime import timedelta

import pytest

from govapp.audit import Event
from govapp.models import Throttle
from tests.support.staff import begin
from tests.support.world import PASSWORD

# What is recorded does not depend on the database.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
NEW = "eleven quiet herons glide"


class Ways:
    """Ada may do everything, Bea is a customer. Each method leads to the event of its name."""

    def __init__(self, world, browser, command):
        self.world, self.browser, self.command = world, browser, command
        self.ids = {"ada": world.user("ada", "admins"), "bea": world.user("bea", "customers")}
        (self.elsewhere,) = begin(world, self.ids["bea"])
        self.ada, self.bea = browser(), browser()
        self.ada.sign_in("ada")
        self.bea.sign_in("bea")

    def staff(self, path, **fields):
        self.ada.post(path.format(**self.ids), fields, status=303)

    def customer(self, path, status, **fields):
        return self.bea.post(path, fields, status=status)

    def show(self, secret):
        """Come with this cookie, as another browser."""
        person = self.browser()
        person.cookie = secret
        person.get("/account/sessions", status=303)

    def authn_login_success(self):
        self.browser().sign_in("bea")

    session_created = authn_login_success

    def authn_login_fail(self):
        self.browser().sign_in("bea", "wrong", status=400)

    def authn_login_throttled(self):
        for _ in range(6):
            self.browser().sign_in("bea", "wrong", status="*")

    def authn_confirm_success(self):
        self.bea.confirm()

    session_renewed = authn_confirm_success

    def authn_confirm_fail(self):
        self.bea.confirm("wrong", status=400)

    def authn_confirm_throttled(self):
        now, own = self.world.clock(), self.world.sessions(self.ids["bea"])[-1].public_id.hex
        later = now + timedelta(minutes=1)
        with self.world.db() as db:
            # As after several guesses at the same moment: the fifth one has not ended it yet.
            db.add(Throttle(key=f"confirm:{own}", attempts=5, last_at=now, blocked_until=later))
        self.bea.confirm(status=429)

    def authn_confirm_fail_max(self):
        for _ in range(5):
            self.bea.confirm("wrong", status="*")

    def authn_password_change(self):
        self.customer("/account/password", 303, current=PASSWORD, new=NEW)

    def authn_password_change_fail(self):
        self.customer("/account/password", 400, current="wrong", new=NEW)

    def authn_link_created(self):
        self.command.done("user", "create", "mia", "--name", "Mia")

    user_created = authn_link_created

    def authn_link_refused(self):
        self.browser().get("/welcome", status=404)

    def session_ended(self):
        self.bea.sign_out()

    def sessions_ended(self):
        self.customer("/account/sessions/revocations", 303, which="all")

    def session_use_after_end(self):
        secret = self.bea.cookie
        self.bea.sign_out()
        self.show(secret)

    def session_unknown(self):
        self.show("A" * 43)

    def authn_token_reuse(self):
        secret = self.bea.cookie
        self.bea.confirm()
        self.world.clock.advance(seconds=11)
        self.show(secret)

    def sensitive_read(self):
        self.ada.get(f"/admin/sessions/{self.elsewhere}", status=200)

    def authz_fail(self):
        self.bea.get("/admin", status=403)

    def csrf_fail(self):
        self.bea.post("/confirm", {"password": PASSWORD}, csrf=False, status=400)

    def input_validation_fail(self):
        self.customer("/account/sessions/revocations", 400, which="some")

    def user_disabled(self):
        self.staff("/admin/users/{bea}/status", status="disabled")

    def user_enabled(self):
        self.user_disabled()
        self.staff("/admin/users/{bea}/status", status="enabled")

    def group_member_added(self):
        self.staff("/admin/users/{bea}/groups", group="support", action="add")

    def group_member_removed(self):
        self.group_member_added()
        self.staff("/admin/users/{bea}/groups", group="support", action="remove")

    def group_created(self):
        self.staff("/admin/groups", name="press")

    def grant_added(self, action="add"):
        self.staff("/admin/groups/customers", action=action, permission="user:list", over="*")

    def grant_removed(self):
        self.grant_added()
        self.grant_added("remove")

    def purge(self):
        self.command.done("purge")


@pytest.fixture
def ways(world, browser, command):
    return Ways(world, browser, command)


@pytest.mark.standard("S-119")
@pytest.mark.standard("S-120")
@pytest.mark.parametrize("event", list(Event))
def test_every_event_leaves_one_whole_record(ways, world, clock, event):
    before, began = {row.id for row in world.events()}, clock.now

    getattr(ways, event)()

    made = [row for row in world.events() if row.id not in before]
    assert [row.event for row in made].count(event) == 1
    sessions = {row.public_id.hex for row in world.sessions()}
    for row in made:
        by_command = row.actor_id == "system" and row.request_id is None
        assert row.outcome in {"success", "refused"}
        assert began <= row.at <= clock.now and row.at.utcoffset() == timedelta(0)
        assert row.actor_id in {None, "system", *ways.ids.values()}
        assert row.session_id is None or row.session_id in sessions
        assert by_command or re.fullmatch("[0-9a-f]{16}", row.request_id)
        assert by_command or str(row.address) == "203.0.113.7"
        assert json.loads(json.dumps(row.details)) == row.details


@pytest.mark.standard("S-120")
def test_all_that_happens_in_a_session_is_recorded_under_its_public_id(ways, world, clock):
    own = world.sessions(ways.ids["bea"])[-1]
    known = len(world.events())

    for way in (
        "authn_confirm_fail",
        "authn_confirm_success",
        "authz_fail",
        "csrf_fail",
        "input_validation_fail",
        "authn_password_change",
        "session_use_after_end",
    ):
        getattr(ways, way)()

    made = world.events()[known:]
    assert len(made) > 7
    assert {row.session_id for row in made} == {own.public_id.hex}
    assert len({row.request_id for row in made}) == 8
    # From one confirmation to the other the secret changed; the reference is none of either.
    assert own.token_hash.hex() not in str([vars(row) for row in made])
