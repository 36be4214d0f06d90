"""Everything that staff can do, by every hand."""

import pytest

from tests.browser.hands import sends, sign_in
from tests.support.staff import begin

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.standard("S-098"),
    pytest.mark.standard("S-101"),
    pytest.mark.standard("S-150"),
]


@pytest.fixture
def bea(site):
    return site.world.user("bea", "customers", name="Bea Lind")


@pytest.fixture
def staff(site, hand):
    """The administrator's window, signed in, at the overview."""
    site.world.user("ada", "admins", name="Ada Holm")
    window = hand()
    sign_in(window, "ada")
    window.follow("Overview")
    return window


def listed(window):
    return window.page.locator("tbody tr[data-session-id]").count()


@sends("sign-in", "admin.session.revocation")
def test_staff_finds_a_session_and_ends_it_with_a_reason(bea, staff, hand):
    customer = hand()
    sign_in(customer, "bea")

    staff.follow("Sessions")
    assert listed(staff) == 2
    staff.fill("User", "bea")
    staff.choose("State", "Live")
    staff.press("Filter")
    assert listed(staff) == 1
    staff.follow("Bea Lind…")
    staff.fill("Reason", " ")
    staff.press("End this session…")
    assert staff.alerted == "A reason is needed."
    staff.fill("Reason", "phone reported stolen")
    staff.press("End this session…")
    assert staff.told.startswith("The session is ended")

    customer.goto("/account/sessions")
    assert customer.told == "Staff ended your session. Sign in to see why."
    sign_in(customer, "bea")
    assert "phone reported stolen" in customer.page.content()


@sends("sign-in")
def test_staff_narrows_a_long_list_and_turns_its_pages(site, bea, staff):
    begin(site.world, bea, count=60, address="192.0.2.9")
    begin(site.world, bea, count=2, device="Safari on iPhone")

    staff.follow("Sessions")
    assert listed(staff) == 50
    staff.follow("Older ›")
    assert listed(staff) == 13
    staff.follow("‹ Newer")
    assert listed(staff) == 50

    staff.fill("Device", "iphone")
    staff.choose("Group", "customers")
    staff.press("Filter")
    assert listed(staff) == 2
    staff.fill("Device", "")
    staff.fill("Address or network", "192.0.2.0/24")
    staff.press("Filter")
    assert listed(staff) == 50
    staff.choose("Idle for at least", "1 hour")
    staff.press("Filter")
    assert "No session matches these filters." in staff.page.content()
    staff.fill("User", "bea@example.org")
    staff.press("Filter")
    assert "takes no “@”" in staff.alerted
    staff.follow("Clear")
    assert listed(staff) == 50


@sends("sign-in", "admin.users.search", "admin.user.revocation")
def test_staff_finds_a_person_and_ends_all_their_sessions(site, bea, staff):
    begin(site.world, bea, count=3)
    staff.follow("Users")
    staff.fill("Login begins with", "be")
    staff.choose("Group", "customers")
    staff.press("Filter")
    assert staff.page.locator("tbody tr[data-user-id]").count() == 1
    staff.fill("Exact login or e-mail", "nobody@example.org")
    staff.press("Go to user")
    assert "Nobody that you may see has exactly this login." in staff.alerted

    staff.fill("Exact login or e-mail", "bea")
    staff.press("Go to user")
    assert staff.path == f"/admin/users/{bea}"
    staff.fill("Reason", "asked for by telephone")
    staff.press("End all sessions…")
    assert (staff.told, listed(staff)) == ("3 sessions ended.", 0)
    staff.follow("All sessions, also ended ones")
    assert listed(staff) == 3


@sends("sign-in", "admin.user.status")
def test_staff_disables_somebody_and_enables_them_again(bea, staff, hand):
    customer = hand()
    sign_in(customer, "bea")
    staff.follow("Users")
    staff.follow("Bea Lind…")

    staff.press("Disable account…", asks="Every session ends at once")
    assert staff.told == "The account is disabled; 1 session ended."
    customer.goto("/account/sessions")
    assert customer.told == "You were signed out because your account was disabled."
    sign_in(customer, "bea")
    assert "Login or password is not right" in customer.alerted

    staff.press("Enable account…")
    assert staff.told.startswith("The account is enabled")
    sign_in(customer, "bea")
    assert customer.path == "/account/sessions"


@sends("sign-in", "admin.user.groups")
def test_staff_puts_somebody_into_a_group_and_takes_them_out(bea, staff, hand):
    customer = hand()
    sign_in(customer, "bea")
    staff.follow("Users")
    staff.follow("Bea Lind…")

    staff.choose("Another group", "support")
    staff.press("Add to group")
    assert staff.told == "Added to support."
    customer.goto("/admin/sessions")
    assert customer.page.get_by_role("heading", level=1).inner_text() == "Sessions"

    staff.press("Remove from support", asks="What only this group permits is gone")
    assert staff.told == "Removed from support."
    customer.goto("/admin/sessions")
    assert customer.alerted == "Your groups do not allow this."


@sends("sign-in", "admin.groups", "admin.group")
def test_staff_makes_a_group_and_gives_and_takes_a_permission(staff):
    staff.follow("Groups")
    staff.fill("Name", "Night Shift")
    staff.press("Create group")
    assert "lower-case letters, digits and hyphens" in staff.alerted
    assert staff.page.get_by_label("Name").input_value() == "Night Shift"
    staff.fill("Name", "night-shift")
    staff.press("Create group")
    assert staff.path == "/admin/groups/night-shift"

    staff.choose("Permission", "session:list…")
    staff.choose("Over", "customers")
    staff.press("Give permission…")
    assert staff.told == "night-shift now holds session:list over customers."
    staff.press("Take away session:list…", asks="Its members lose it at their next request.")
    assert staff.told == "night-shift no longer holds session:list over customers."


@sends("sign-in")
def test_staff_reads_what_happened(site, bea, staff):
    for number in range(55):
        site.world.group(f"team-{number}")
    rows = staff.page.locator("tbody tr")

    staff.follow("Audit")
    assert rows.count() == 50
    staff.follow("Older ›")
    staff.follow("‹ Newer")
    staff.choose("Event", "Signed in")
    staff.choose("Outcome", "Success")
    staff.press("Filter")
    assert rows.count() == 1
    staff.fill("Concerning", bea)
    staff.press("Filter")
    assert "No event matches these filters." in staff.page.content()
    staff.fill("Concerning", "")
    staff.fill("Done by", "a@b")
    staff.press("Filter")
    assert "takes no “@”" in staff.alerted
    staff.follow("Clear")
    staff.fill("Session", "0" * 32)
    staff.press("Filter")
    assert "No event matches these filters." in staff.page.content()


@sends("sign-in", "confirm", "admin.user.status")
def test_staff_whose_proof_is_old_comes_back_to_the_person(site, bea, staff):
    staff.follow("Users")
    staff.follow("Bea Lind…")
    site.world.clock.advance(minutes=11)

    staff.press("Disable account…", asks="Every session ends at once")
    staff.fill("Password", "seven lazy otters swim")
    staff.press("Confirm")
    assert staff.path == f"/admin/users/{bea}"

    staff.press("Disable account…", asks="Every session ends at once")
    assert staff.told.startswith("The account is disabled")
