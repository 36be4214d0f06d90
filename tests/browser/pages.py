"""Every page at its fullest, at its emptiest, and after each refusal; and how one gets there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy.exc import OperationalError

from tests.browser.hands import Mouse, sign_in

GUESSES = 6


@dataclass(frozen=True)
class Page:
    """A page: the route that makes it, who looks at it, its address, what is done there first.

    The address is a format string over the stage; a page with status 400 is a form that came
    back with a field marked.
    """

    route: str | None
    who: str | None
    path: str
    act: Callable[[Mouse], None] | None = None
    status: int = 200


def add_probes(config):
    """Add pages that break in each way that has an error page of its own."""

    def broken(request):
        raise RuntimeError

    def lost(request):
        raise OperationalError("select", {}, Exception())

    def past_every_page(request):
        request.add_response_callback(lambda request, response: 1 / 0)
        return Response("made")

    for view in (broken, lost, past_every_page):
        config.add_route(view.__name__, f"/probe/{view.__name__}")
        config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)


# ---------------------------------------------------------------- what is done first


def guess(window):
    sign_in(window, "bea", "not my password")


def guess_too_often(window):
    for _ in range(GUESSES):
        sign_in(window, "mallory", "not my password")


def fail_to_confirm(window):
    window.fill("Password", "not my password")
    window.press("Confirm")


def set_short_password(window):
    window.fill("New password", "short")
    window.press("Set password")


def give_wrong_password(window):
    window.fill("Present password", "not my password")
    window.fill("New password", "quiet amber canal boats")
    window.press("Change password")


def give_short_password(window):
    window.fill("Present password", "seven lazy otters swim")
    window.fill("New password", "short")
    window.press("Change password")


def ask(window):
    window.page.get_by_role("button", name="Sign out everywhere else").click()


def choose_none(window):
    window.press("Sign out the chosen ones")


def send_an_old_form(window):
    window.page.locator("[name=csrf_token]").evaluate("field => field.value = 'old'")
    window.fill("Login", "bea")
    window.fill("Password", "not my password")
    window.press("Sign in")


def use_another_method(window):
    window.page.route("**/account/sessions", lambda route: route.continue_(method="PUT"))
    window.goto("/account/sessions")


def search_nobody(window):
    window.fill("Exact login or e-mail", "nobody@example.org")
    window.press("Go to user")


def give_no_reason(window):
    window.fill("Reason", " ")
    window.press("End …")


def put_into_admins(window):
    window.choose("Another group", "admins")
    window.press("Add to group")


def give_what_is_not_held(window):
    window.choose("Permission", "session:revoke:…")
    window.choose("Over", "customers")
    window.press("Give permission…")


def disable_the_last(window):
    window.press("Disable my own account", asks="cannot sign in again")


def name_badly(window):
    window.fill("Name", "Night Shift")
    window.press("Create group")


PAGES = {
    "sign in": Page("sign-in", None, "/sign-in?next=/account/password"),
    "sign in, told why": Page("sign-in", "gone", "/account/sessions"),
    "welcome": Page("welcome", None, "/welcome/{link}"),
    "confirm": Page("confirm", "bea", "/confirm"),
    "password": Page("account.password", "bea", "/account/password"),
    "my only session": Page("account", "bea", "/account/sessions"),
    "my sessions": Page("account", "kim", "/account/sessions"),
    "my sessions, asked": Page("account", "kim", "/account/sessions", ask),
    "overview": Page("admin", "ada", "/admin"),
    "overview of some": Page("admin", "sam", "/admin"),
    "overview of nobody": Page("admin", "eli", "/admin"),
    "sessions": Page("admin.sessions", "ada", "/admin/sessions?state=all"),
    "sessions, ended": Page("admin.sessions", "sam", "/admin/sessions?state=ended"),
    "sessions, none": Page("admin.sessions", "eli", "/admin/sessions"),
    "sessions, none found": Page("admin.sessions", "ada", "/admin/sessions?user=nobody"),
    "one session": Page("admin.session", "ada", "/admin/sessions/{live[0]}"),
    "one session, ended": Page("admin.session", "ada", "/admin/sessions/{ended[0]}"),
    "users": Page("admin.users", "ada", "/admin/users"),
    "users, none": Page("admin.users", "eli", "/admin/users"),
    "one user": Page("admin.user", "ada", "/admin/users/{ids[lou]}"),
    "one user, out of reach": Page("admin.user", "sam", "/admin/users/{ids[pia]}"),
    "one user, myself": Page("admin.user", "ada", "/admin/users/{ids[ada]}"),
    "groups": Page("admin.groups", "ada", "/admin/groups"),
    "one group": Page("admin.group", "ada", "/admin/groups/admins"),
    "one group, empty": Page("admin.group", "ada", "/admin/groups/nobody"),
    "audit": Page("admin.audit", "ada", "/admin/audit"),
    "audit, none": Page("admin.audit", "eli", "/admin/audit?event=session_ended"),
}
REFUSED = {
    "sign in": Page("sign-in", None, "/sign-in", guess, 400),
    "welcome": Page("welcome", None, "/welcome/{link}", set_short_password, 400),
    "confirm": Page("confirm", "bea", "/confirm", fail_to_confirm, 400),
    "password, wrong": Page(
        "account.password", "bea", "/account/password", give_wrong_password, 400
    ),
    "password, short": Page(
        "account.password", "bea", "/account/password", give_short_password, 400
    ),
    "chosen": Page("account.revocations", "lou", "/account/sessions", choose_none, 400),
    "sessions": Page("admin.sessions", "ada", "/admin/sessions?user=a%40b", None, 400),
    "users": Page("admin.users", "ada", "/admin/users?q=a%40b", None, 400),
    "search": Page("admin.users.search", "ada", "/admin/users", search_nobody, 400),
    "one session": Page(
        "admin.session.revocation", "ada", "/admin/sessions/{live[0]}", give_no_reason, 400
    ),
    "one user": Page(
        "admin.user.revocation", "ada", "/admin/users/{ids[bea]}", give_no_reason, 400
    ),
    "membership": Page("admin.user.groups", "mia", "/admin/users/{ids[bea]}", put_into_admins, 400),
    "groups": Page("admin.groups", "ada", "/admin/groups", name_badly, 400),
    "one group": Page("admin.group", "mia", "/admin/groups/customers", give_what_is_not_held, 400),
    "audit": Page("admin.audit", "ada", "/admin/audit?actor=a%40b", None, 400),
}
ERRORS = {
    "old form": Page("sign-in", None, "/sign-in", send_an_old_form, 400),
    "against a rule": Page(
        "admin.user.status", "ada", "/admin/users/{ids[ada]}", disable_the_last, 400
    ),
    "not permitted": Page("admin", "bea", "/admin", None, 403),
    "not found, signed in": Page(None, "bea", "/nowhere", None, 404),
    "not found": Page(None, None, "/nowhere", None, 404),
    "no such method": Page(None, None, "/sign-in", use_another_method, 405),
    "too many attempts": Page("sign-in", None, "/sign-in", guess_too_often, 429),
    "broken": Page("broken", "bea", "/probe/broken", None, 500),
    "last resort": Page(None, "bea", "/probe/past_every_page", None, 500),
    "no database": Page("lost", "bea", "/probe/lost", None, 503),
}
