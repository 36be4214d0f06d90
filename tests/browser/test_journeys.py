"""The main job, as people do it in a browser."""

import pytest

from tests.support.world import PASSWORD

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def sign_in(page, login):
    page.goto("/sign-in")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/account/sessions")


@pytest.mark.parametrize("script", [True, False])
def test_someone_ends_a_device_and_that_browser_is_told_why(site, person, script):
    site.world.user("bea", "customers")
    laptop = person(java_script_enabled=script)
    phone = person(IPHONE, java_script_enabled=script)
    sign_in(laptop, "bea")
    sign_in(phone, "bea")

    laptop.reload()
    assert laptop.locator("[data-session-id][data-state=live]").count() == 2
    laptop.get_by_role("button", name="Sign out Safari on iPhone").click()

    assert "Safari on iPhone is signed out." in laptop.get_by_role("status").inner_text()
    phone.reload()
    assert phone.url.endswith("/sign-in?next=%2Faccount%2Fsessions")
    assert "from another of your devices" in phone.get_by_role("status").inner_text()
    assert phone.context.cookies() == [] or "govapp" not in [
        cookie["name"] for cookie in phone.context.cookies()
    ]


def test_staff_finds_a_session_and_ends_it_with_a_reason(site, person):
    site.world.user("bea", "customers", name="Bea Lind")
    site.world.user("sam", "support", name="Sam Ode")
    customer, staff = person(IPHONE), person()
    sign_in(customer, "bea")
    sign_in(staff, "sam")

    staff.get_by_role("link", name="Sessions", exact=True).click()
    staff.get_by_label("User").fill("bea")
    staff.get_by_role("button", name="Filter").click()
    staff.get_by_role("link", name="Bea Lind").first.click()
    staff.get_by_label("Reason").fill("phone reported stolen")
    staff.get_by_role("button", name="End this session").click()
    if staff.locator("dialog[open]").count():
        staff.locator("dialog[open]").get_by_role("button").last.click()
    staff.wait_for_load_state()

    assert "ended" in staff.get_by_role("status").inner_text().lower()
    customer.reload()
    assert "Staff ended your session." in customer.get_by_role("status").inner_text()
    sign_in(customer, "bea")
    assert "phone reported stolen" in customer.content()


def test_signing_out_everywhere_asks_first(site, person):
    site.world.user("bea", "customers")
    laptop = person()
    sign_in(laptop, "bea")

    laptop.get_by_role("button", name="Sign out everywhere").click()
    laptop.locator("dialog[open]").get_by_role("button").last.click()
    laptop.wait_for_url("**/sign-in**")

    assert "signed out everywhere" in laptop.get_by_role("status").first.inner_text()
    assert "govapp" not in [cookie["name"] for cookie in laptop.context.cookies()]
