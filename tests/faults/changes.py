"""What a person does in the fault matrix, on govapp's own pages, and how to see it was done."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from tests.support.world import PASSWORD

NEW_PASSWORD = "nine tardy walruses hum"


class Change:
    """One person about to do one thing, in a browser that is signed in unless ``anonymous``.

    ``cookie`` is what the browser is sent when it is done: a new or cleared session cookie, a
    visit cookie, or none. ``old_cookie`` tells whether the session cookie from before, of this
    browser or of the one that is ended, serves afterwards; None where there was none.
    """

    name: str
    path: str
    anonymous = False
    cookie = "none"
    old_cookie: bool | None = True

    def __init__(self, world: Any, open_browser: Any) -> None:
        self.world, self.open_browser = world, open_browser
        self.login = f"bea{len(world.events())}"
        self.user_id = world.user(self.login)
        self.browser = self.sign_in()
        self.csrf = self.browser.csrf_token()
        self.watched = self.browser.cookie

    def fields(self) -> dict[str, str]:
        """Return what the form holds."""
        return {}

    def sign_in(self) -> Any:
        browser = self.open_browser()
        if not self.anonymous:
            browser.sign_in(self.login)
        return browser

    def act(self, ending: str) -> Any:
        """Do it, in a request that ends so; return the answer."""
        fields = {**self.fields(), "csrf_token": self.csrf}
        headers = {"X-Ending": ending}
        return self.browser.post(self.path, fields, csrf=False, status="*", headers=headers)

    def is_done(self) -> bool:
        """Tell whether all of it is in the database."""
        raise AssertionError("each change says")

    def old_cookie_works(self) -> bool | None:
        """Tell whether the session cookie from before still opens a page."""
        if self.watched is None:
            return None
        other = self.open_browser()
        other.cookie = self.watched
        return other.is_signed_in

    def sessions(self) -> list[Any]:
        return self.world.sessions(self.user_id)

    def count(self, event: str) -> int:
        """Return how often this happened to the person."""
        return len([e for e in self.world.events(event) if e.subject_id == self.user_id])


class Flash(Change):
    name = "flash"
    path = "/probe/flash"

    def is_done(self):
        return self.sessions()[0].data == {"flash": {"": ["a message"]}}


class AnonymousFlash(Change):
    name = "flash, not signed in"
    path = "/probe/flash"
    anonymous = True
    cookie = "visit"
    old_cookie = None

    def is_done(self):
        # The message itself is in the visit cookie, or nowhere.
        return self.sessions() == []


class CSRFMint(Change):
    name = "CSRF mint"
    path = "/probe/csrf"

    def is_done(self):
        return self.sessions()[0].csrf_token not in {None, self.csrf}


class SignIn(Change):
    name = "sign-in"
    path = "/sign-in"
    anonymous = True
    cookie = "new"
    old_cookie = None

    def fields(self):
        return {"login": self.login, "password": PASSWORD}

    def is_done(self):
        return [row.ended_at for row in self.sessions()] == [None] and (
            self.count("session_created") == self.count("authn_login_success") == 1
        )


class SignInAgain(SignIn):
    """Signing in over a session that is under way, which it ends."""

    name = "sign-in over a session"
    anonymous = False
    old_cookie = False

    def is_done(self):
        return [row.end_reason for row in self.sessions()] == ["replaced", None] and (
            self.count("session_created") == self.count("authn_login_success") == 2
            and self.count("session_ended") == 1
        )


class SignOut(Change):
    name = "sign-out"
    path = "/sign-out"
    cookie = "cleared"
    old_cookie = False

    def is_done(self):
        return self.sessions()[0].end_reason == "signed-out" and self.count("session_ended") == 1


class Revoke(Change):
    """Ending one's phone from the laptop; the cookie that is watched is the phone's."""

    name = "revoke"
    old_cookie = False

    def __init__(self, world, open_browser):
        super().__init__(world, open_browser)
        self.watched = self.sign_in().cookie
        phone = self.sessions()[1].public_id.hex
        self.path = f"/account/sessions/{phone}/revocation"

    def is_done(self):
        reasons = [row.end_reason for row in self.sessions()]
        return reasons == [None, "ended-by-owner"] and self.count("session_ended") == 1


class Confirm(Change):
    """Proving it is oneself, which gives the session a new secret; the old one has its grace."""

    name = "confirm"
    path = "/confirm"
    cookie = "new"

    def fields(self):
        return {"password": PASSWORD}

    def is_done(self):
        return self.sessions()[0].rotated_at is not None and (
            self.count("authn_confirm_success") == self.count("session_renewed") == 1
        )


class PasswordChange(Change):
    name = "password change"
    path = "/account/password"
    cookie = "new"
    old_cookie = False

    def fields(self):
        return {"current": PASSWORD, "new": NEW_PASSWORD}

    def is_done(self):
        verify = self.world.app.registry["govapp.hasher"].verify
        stored = self.world.get_user(self.user_id).password_hash
        return verify(stored, NEW_PASSWORD) and (
            self.count("authn_password_change") == self.count("session_renewed") == 1
        )


CHANGES = {
    change.name: change
    for change in (
        Flash, AnonymousFlash, CSRFMint, SignIn, SignInAgain, SignOut, Revoke, Confirm,
        PasswordChange
    )
}  # fmt: skip


def includeme(config: Configurator) -> None:
    """Add pages for the two that no page of govapp does alone."""

    def flash(request: Request) -> Response:
        request.session.flash("a message")
        return Response("done")

    def csrf(request: Request) -> Response:
        request.session.new_csrf_token()
        return Response("done")

    for view in (flash, csrf):
        config.add_route(view.__name__, f"/probe/{view.__name__}")
        config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)
