"""Getting in without typing, and around without a mouse; and that a broken policy is heard."""

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from govapp import users
from tests.browser.hands import Keyboard, Mouse, sign_in
from tests.support.staff import begin
from tests.support.together import Gate
from tests.support.world import PASSWORD, SYSTEM

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def extend():
    def add_probe(config):
        def inline(request):
            return Response('<!doctype html><title>x</title><p style="color: red">red</p>')

        config.add_route("inline", "/probe/inline")
        config.add_view(inline, route_name="inline", permission=NO_PERMISSION_REQUIRED)

    return add_probe


@pytest.fixture
def window(site, person):
    site.world.user("bea", "customers")
    return Mouse(person())


def fields(window):
    """What browsers are told about each field that is not hidden, by its name."""
    inputs = window.page.locator("main input:not([type=hidden], [type=checkbox])")
    return inputs.evaluate_all(
        "inputs => Object.fromEntries(inputs.map((input) => [input.name, input.autocomplete]))"
    )


def paste(window, label, text):
    """Paste into a field what was cut out of another window's."""
    source = window.page.context.new_page()
    source.goto("/healthz")
    source.evaluate(
        """text => {
          const field = document.body.appendChild(document.createElement("input"));
          field.value = text;
          field.select();
        }""",
        text,
    )
    source.keyboard.press("Control+X")
    source.close()
    field = window.page.get_by_label(label, exact=True)
    field.focus()
    window.page.keyboard.press("Control+V")
    assert field.input_value() == text


@pytest.mark.standard("S-147")
def test_logins_and_passwords_can_be_pasted_and_managed(site, window):
    window.goto("/sign-in")
    assert fields(window) == {"login": "username", "password": "current-password"}
    paste(window, "Login", "bea")
    paste(window, "Password", PASSWORD)
    window.press("Sign in")
    assert window.path == "/account/sessions"

    window.goto("/confirm")
    assert fields(window) == {"login": "username", "password": "current-password"}
    paste(window, "Password", PASSWORD)
    window.press("Confirm")
    assert window.path == "/account/sessions"

    window.goto("/account/password")
    assert fields(window) == {
        "login": "username",
        "current": "current-password",
        "new": "new-password",
    }
    paste(window, "Present password", PASSWORD)
    paste(window, "New password", "quiet amber canal boats")
    window.press("Change password")
    assert window.told == "Your password is changed."


@pytest.mark.standard("S-147")
def test_a_first_password_can_be_pasted_and_managed(site, window):
    site.world.user("dan", "customers", password=False)
    with site.world.db() as db:
        dan, now = users.by_login(db, "dan"), site.world.clock()
        link = users.create_link(db, dan, actor=SYSTEM, now=now, link_seconds=3600)

    window.goto(f"/welcome/{link}")
    assert fields(window) == {"login": "username", "new": "new-password"}
    paste(window, "New password", "quiet amber canal boats")
    window.press("Set password")
    assert window.told == "Your password is set. Sign in with it."


@pytest.mark.standard("S-144")
def test_the_first_stop_of_the_keyboard_skips_to_the_content(site, person):
    site.world.user("ada", "admins")
    keyboard = Keyboard(person())
    sign_in(keyboard, "ada")

    keyboard.page.keyboard.press("Tab")
    skip = keyboard.page.get_by_role("link", name="Skip to the content")
    keyboard.reach(skip)
    assert skip.evaluate("link => link === document.activeElement && link.offsetHeight > 20")
    keyboard.page.keyboard.press("Enter")
    keyboard.page.keyboard.press("Tab")

    assert keyboard.page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.standard("S-150")
def test_nothing_covers_what_has_the_focus_down_a_long_list_and_back(site, person):
    """The head of a table stays in sight, and must not hide the row that the keyboard is in."""
    begin(site.world, site.world.user("bea", "customers"), count=60)
    site.world.user("ada", "admins")
    keyboard = Keyboard(person())
    sign_in(keyboard, "ada")
    keyboard.follow("Sessions")

    keyboard.reach(keyboard.page.get_by_role("link", name="Older ›"))
    keyboard.reach(keyboard.page.get_by_role("button", name="Filter"))


@pytest.mark.standard("S-098")
@pytest.mark.parametrize("script", [True, False])
def test_a_violation_of_the_content_security_policy_would_be_heard(windows, script):
    """Or the silence of all journeys would say nothing."""
    windows.open(java_script_enabled=script).goto("/probe/inline")

    assert ["Content Security Policy" in said for said in windows.complaints] == [True]


def test_a_second_click_does_not_send_a_form_again(site, window, monkeypatch):
    """The second request, with the secret that the first one replaces, would sign one out."""
    hasher, gate = site.world.app.registry["govapp.hasher"], Gate()
    sign_in(window, "bea")
    window.goto("/account/password")
    window.fill("Present password", PASSWORD)
    window.fill("New password", "quiet amber canal boats")
    verify = hasher.verify

    def slowly(stored, password):
        gate.wait()
        return verify(stored, password)

    monkeypatch.setattr(hasher, "verify", slowly)
    button = window.page.get_by_role("button", name="Change password").bounding_box()
    middle = button["x"] + button["width"] / 2, button["y"] + button["height"] / 2
    with window.page.expect_event("load"):
        window.page.mouse.click(*middle)
        gate.reached()
        window.page.mouse.click(*middle)
        gate.open()

    assert window.told == "Your password is changed."
    window.goto("/account/sessions")
    assert window.path == "/account/sessions"
