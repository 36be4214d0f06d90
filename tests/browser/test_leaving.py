"""What is left in the browser afterwards: no session cookie, and nothing behind "Back"."""

import pytest

from govapp.sessions import tokens
from tests.browser.hands import Mouse, MouseWithoutScript, sign_in

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COOKIE = "__Host-govapp"
GUESSES = 5


@pytest.fixture
def settings(settings):
    """As in production: browsers take and clear this cookie only with every flag as it was."""
    return settings | {"govapp.cookie_secure": "true"}


@pytest.fixture
def ada(site):
    return site.world.user("ada", "admins", name="Ada Holm")


@pytest.fixture
def window(ada, person):
    """A window where somebody is signed in."""
    made = Mouse(person())
    sign_in(made, "ada")
    assert made.path == "/account/sessions"
    return made


def jar(window):
    return {cookie["name"]: cookie for cookie in window.page.context.cookies()}


def press_sign_out(window):
    window.press("Sign out")


def sign_out_everywhere(window):
    window.press("Sign out everywhere", asks="You will have to sign in again.")


def end_own_session_as_staff(window):
    window.follow("Sessions")
    window.follow("Ada Holm…")
    window.fill("Reason", "I am leaving")
    window.press("End this session…")


def disable_own_account(window):
    window.follow("Users")
    window.follow("Ada Holm…")
    window.press("Disable my own account", asks="cannot sign in again")


def fail_to_confirm(window):
    window.goto("/confirm")
    for _ in range(GUESSES):
        window.fill("Password", "not my password")
        window.press("Confirm")


def present_an_unknown_secret(window):
    cookie = jar(window)[COOKIE] | {"value": tokens.new_token()}
    window.page.context.add_cookies([cookie])
    window.goto("/account/sessions")


@pytest.mark.standard("S-017")
@pytest.mark.parametrize(
    "leave",
    [
        press_sign_out,
        sign_out_everywhere,
        end_own_session_as_staff,
        disable_own_account,
        fail_to_confirm,
        present_an_unknown_secret,
    ],
)
def test_no_session_cookie_is_left(site, window, leave):
    site.world.user("eve", "admins")
    kept = jar(window)[COOKIE]
    assert (kept["secure"], kept["httpOnly"], kept["sameSite"]) == (True, True, "Lax")
    assert (kept["path"], kept["expires"]) == ("/", -1)

    leave(window)

    assert window.path == "/sign-in"
    assert jar(window).keys() == {f"{COOKIE}-visit"}


@pytest.mark.standard("S-017")
def test_a_device_that_was_signed_out_from_another_loses_its_cookie(window, person):
    other = Mouse(person())
    sign_in(other, "ada")
    other.press("Sign out everywhere else", asks="1 other device")

    window.page.reload()

    assert window.path == "/sign-in"
    assert COOKIE not in jar(window)


# ---------------------------------------------------------------- "Back"


# What is to be seen of a page at the moment when "Back" brings it out again as it was left.
REMEMBER = """addEventListener("pageshow", ({ persisted }) => {
  if (persisted) sessionStorage.seen = document.querySelector("main").checkVisibility();
})"""


def nothing_is_shown(page):
    return "Where you are signed in" not in page.content()


@pytest.mark.standard("S-102")
@pytest.mark.parametrize("kind", [Mouse, MouseWithoutScript])
def test_back_after_signing_out_shows_nothing(ada, person, kind):
    window = kind(person(java_script_enabled=kind.script))
    sign_in(window, "ada")
    window.goto("/account/password")
    window.goto("/account/sessions")
    window.press("Sign out")

    for _ in range(2):
        window.page.go_back(wait_until="load")
        assert window.path == "/sign-in"
        assert nothing_is_shown(window.page)


def go_back(page):
    """Go back and see the page that follows; return whether the old one was seen before it."""
    with page.expect_event("load"):
        page.evaluate("history.back()")
    return page.evaluate("sessionStorage.seen")


@pytest.mark.standard("S-102")
def test_back_after_another_device_ended_this_one_shows_nothing(ada, person):
    """No cookie changes here, so the browser still has the page as it was left."""
    here, other = Mouse(person()), Mouse(person())
    here.page.add_init_script(REMEMBER)
    sign_in(here, "ada")
    here.goto("/account/password")
    sign_in(other, "ada")
    other.press("Sign out everywhere else", asks="1 other device")

    assert go_back(here.page) == "false"

    assert here.path == "/sign-in"
    assert nothing_is_shown(here.page)


@pytest.mark.standard("S-102")
def test_back_within_a_session_shows_the_page_as_it_is_now(ada, person):
    here, other = Mouse(person()), Mouse(person())
    here.page.add_init_script(REMEMBER)
    sign_in(here, "ada")
    here.goto("/account/password")
    sign_in(other, "ada")

    assert go_back(here.page) == "false"

    assert here.page.locator("[data-session-id][data-state=live]").count() == 2
    assert here.page.locator("main").is_visible()
