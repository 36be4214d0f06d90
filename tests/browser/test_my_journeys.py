"""Everything a person can do about their own account, by every hand."""

import pytest
from playwright.sync_api import expect

from govapp import users
from tests.browser.hands import Keyboard, sends, sign_in
from tests.support.world import PASSWORD, SYSTEM

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
NEW_PASSWORD = "quiet amber canal boats"

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = [
    pytest.mark.standard("S-098"),
    pytest.mark.standard("S-101"),
    pytest.mark.standard("S-150"),
]


@pytest.fixture
def bea(site):
    return site.world.user("bea", "customers")


def live(hand):
    return hand.page.locator("[data-session-id][data-state=live]").count()


@only_sqlite
@sends("sign-in", "sign-out")
def test_someone_signs_in_lands_where_they_wanted_and_signs_out(bea, hand):
    laptop = hand()
    laptop.goto("/account/password")
    assert laptop.path == "/sign-in"
    laptop.fill("Login", "bea")
    laptop.fill("Password", "not my password")
    laptop.press("Sign in")
    assert "Login or password is not right" in laptop.alerted
    assert laptop.page.get_by_label("Login").input_value() == "bea"

    laptop.fill("Password", PASSWORD)
    laptop.press("Sign in")
    assert laptop.path == "/account/password"

    laptop.press("Sign out")
    assert (laptop.path, laptop.told) == ("/sign-in", "You signed out.")


@only_sqlite
@sends("sign-in")
def test_who_guesses_too_often_waits_and_then_gets_in(bea, site, hand):
    laptop = hand()
    for _ in range(6):
        sign_in(laptop, "bea", "not my password")
    assert laptop.page.get_by_role("heading").inner_text() == "Too many attempts"
    assert "Wait 6 seconds" in laptop.page.get_by_role("main").inner_text()

    site.world.clock.advance(seconds=6)
    sign_in(laptop, "bea")
    assert live(laptop) == 1


# The one journey on PostgreSQL: all else that needs it needs no browser.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@sends("sign-in", "account.revocation")
def test_someone_ends_a_device_and_that_browser_is_told_why(bea, hand):
    laptop, phone = hand(FIREFOX), hand(IPHONE)
    sign_in(phone, "bea")
    sign_in(laptop, "bea")
    assert live(laptop) == 2
    assert "active now" in laptop.page.locator("[data-current]").inner_text()

    laptop.press("Sign out Safari on iPhone…")
    assert laptop.told == "Safari on iPhone is signed out."
    assert live(laptop) == 1

    phone.goto("/account/sessions")
    assert phone.path == "/sign-in"
    assert phone.told == "You were signed out here from another of your devices."


@only_sqlite
@sends("sign-in", "account.revocations")
def test_someone_ends_chosen_devices_then_all_others_then_all(bea, hand):
    laptop, *phones = hand(FIREFOX), *(hand(IPHONE) for _ in range(3))
    for one in (*phones, laptop):
        sign_in(one, "bea")
    laptop.press("Sign out the chosen ones")
    assert "Choose at least one session" in laptop.alerted

    for number in (1, 3):
        laptop.tick(f"Choose Safari on iPhone, signed in just now, number {number}")
    laptop.press("Sign out the chosen ones")
    assert (laptop.told, live(laptop)) == ("2 sessions ended.", 2)

    laptop.press("Sign out everywhere else", asks="Sign out on 1 other device?")
    assert (laptop.told, live(laptop)) == ("1 session ended.", 1)

    laptop.press("Sign out everywhere", asks="You will have to sign in again.")
    assert (laptop.path, laptop.told) == ("/sign-in", "You are signed out everywhere.")
    for phone in phones:
        phone.goto("/account/sessions")
        assert phone.path == "/sign-in"


@only_sqlite
@sends("sign-in", "confirm", "account.revocation")
def test_someone_proves_again_who_they_are_and_presses_the_button_again(bea, site, hand):
    laptop, phone = hand(FIREFOX), hand(IPHONE)
    sign_in(phone, "bea")
    sign_in(laptop, "bea")
    site.world.clock.advance(minutes=11)

    laptop.press("Sign out Safari on iPhone…")
    assert laptop.path == "/confirm"
    laptop.fill("Password", "not my password")
    laptop.press("Confirm")
    assert "This is not your password" in laptop.alerted
    laptop.fill("Password", PASSWORD)
    laptop.press("Confirm")
    assert (laptop.path, live(laptop)) == ("/account/sessions", 2)

    laptop.press("Sign out Safari on iPhone…")
    assert live(laptop) == 1


@only_sqlite
@sends("sign-in", "account.password")
def test_someone_changes_their_password_and_keeps_or_ends_other_devices(bea, hand):
    laptop, phone = hand(FIREFOX), hand(IPHONE)
    sign_in(phone, "bea")
    sign_in(laptop, "bea")

    laptop.follow("Password")
    laptop.fill("Present password", PASSWORD)
    laptop.fill("New password", "short")
    laptop.press("Change password")
    assert laptop.alerted == "The password was not changed."
    laptop.fill("Present password", PASSWORD)
    laptop.fill("New password", NEW_PASSWORD)
    laptop.tick("Sign out everywhere else")
    laptop.press("Change password")
    assert (laptop.told, live(laptop)) == ("Your password is changed.", 2)

    laptop.follow("Password")
    laptop.fill("Present password", NEW_PASSWORD)
    laptop.fill("New password", PASSWORD)
    laptop.press("Change password")
    assert laptop.told == "Your password is changed. 1 other session ended."
    phone.goto("/account/sessions")
    assert phone.told == "You were signed out because your password was changed."


@only_sqlite
@sends("welcome", "sign-in")
def test_someone_sets_their_first_password_by_a_link(site, hand):
    site.world.user("dan", "customers", password=False)
    with site.world.db() as db:
        dan, now = users.by_login(db, "dan"), site.world.clock()
        link = users.create_link(db, dan, actor=SYSTEM, now=now, link_seconds=3600)
    laptop = hand()

    laptop.goto(f"/welcome/{link}")
    assert laptop.path == "/welcome"
    laptop.fill("New password", "short")
    laptop.press("Set password")
    assert laptop.alerted == "The password was not set."
    laptop.fill("New password", NEW_PASSWORD)
    laptop.press("Set password")
    assert laptop.told == "Your password is set. Sign in with it."
    sign_in(laptop, "dan", NEW_PASSWORD)
    assert live(laptop) == 1


@only_sqlite
@sends("sign-in")
def test_someone_thinks_better_of_it_and_is_back_at_the_button(bea, person):
    laptop = Keyboard(person(FIREFOX))
    sign_in(laptop, "bea")
    everywhere = laptop.page.get_by_role("button", name="Sign out everywhere")
    laptop.reach(everywhere)

    for answer in ("Escape", "Space"):
        laptop.page.keyboard.press("Space")
        expect(laptop.page.get_by_role("button", name="Cancel")).to_be_focused()
        laptop.page.keyboard.press(answer)
        expect(laptop.page.get_by_role("dialog")).to_have_count(0)
        expect(everywhere).to_be_focused()
    laptop.page.reload()
    assert live(laptop) == 1
