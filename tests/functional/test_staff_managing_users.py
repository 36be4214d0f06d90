"""Staff find people, disable and enable them, and move them between groups."""

import pytest

from tests.support.staff import begin, flashed, listed_users, options, said


@pytest.fixture
def people(world):
    return {
        "bea": world.user("bea@example.org", "customers", name="Bea Berg"),
        "cem": world.user("cem", "customers"),
        "ada": world.user("ada", "admins"),
        "sam": world.user("sam", "support"),
    }


@pytest.fixture
def staff(browser, people):
    def signed_in(login):
        someone = browser()
        someone.sign_in(login)
        return someone

    return signed_in


# ---------------------------------------------------------------- finding


def test_support_lists_customers_only_in_the_order_of_logins(people, staff):
    page = staff("sam").get("/admin/users", status=200)

    assert listed_users(page) == [people["bea"], people["cem"]]
    assert "b…@example.org" in page.text and "bea@example.org" not in page.text


def test_the_list_tells_who_is_signed_in_and_who_is_disabled(world, people, staff):
    ada = staff("ada")
    begin(world, people["cem"])
    ada.post(f"/admin/users/{people['bea']}/status", {"status": "disabled"}, status=303)

    page = ada.get("/admin/users")

    def row(name):
        return page.html.select_one(f'[data-user-id="{people[name]}"]').get_text(" ", strip=True)

    assert "yes enabled" in row("cem")
    assert "no disabled" in row("bea")


def test_who_may_not_list_sessions_is_not_told_who_is_signed_in(world, people, browser):
    world.group("desk")
    world.grant("desk", "user:list", over="customers")
    begin(world, people["cem"])
    deb = world.user("deb", "desk") and browser()
    deb.sign_in("deb")

    listed = deb.get("/admin/users").html.select_one(f'[data-user-id="{people["cem"]}"]')
    page = deb.get(f"/admin/users/{people['cem']}", status=200)

    assert listed.select_one('[data-label="Signed in"]').get_text() == ""
    assert "data-session-id" not in page.text


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=be", ["bea"]), ("q=BEA", ["bea"]), ("q=a", []), ("group=customers", ["bea", "cem"])],
)
def test_filters(people, staff, query, found):
    page = staff("sam").get(f"/admin/users?{query}", status=200)

    assert listed_users(page) == [people[name] for name in found]


@pytest.mark.parametrize("query", ["group=admins", "group=no-such"])
def test_a_foreign_group_filters_like_an_unknown_one(world, people, staff, query):
    world.join(people["ada"], "customers")

    assert listed_users(staff("sam").get(f"/admin/users?{query}", status=200)) == []


@pytest.mark.parametrize(
    "query",
    ["q=bea@example.org", "q=" + "x" * 5000, "group=%E2%80%AE", "cursor=x", "cursor=after-g"],
)
def test_hostile_filters_are_refused(people, staff, query):
    page = staff("sam").get(f"/admin/users?{query}", status=400)

    assert said(page) and listed_users(page) == []


def test_pages_both_ways(world, people, staff):
    for number in range(60):
        world.user(f"person{number:02}@example.org", "customers", password=False)
    sam = staff("sam")

    first = sam.get("/admin/users")
    second = sam.get(first.html.select_one("a[rel=next]")["href"], status=200)
    back = sam.get(second.html.select_one("a[rel=prev]")["href"], status=200)

    assert len(listed_users(first)) == 50
    assert len(set(listed_users(first) + listed_users(second))) == 62
    assert listed_users(back) == listed_users(first)
    assert "@" not in first.html.select_one("a[rel=next]")["href"]
    assert second.html.select_one("a[rel=next]") is None
    assert back.html.select_one("a[rel=prev]") is None


def test_a_cursor_cannot_probe_for_people_who_are_not_covered(people, staff):
    sam = staff("sam")

    foreign = sam.get(f"/admin/users?cursor=after-{people['ada']}", status=200)
    unknown = sam.get(f"/admin/users?cursor=after-{'0' * 32}", status=200)

    assert listed_users(foreign) == listed_users(unknown) == []


def test_an_exact_login_leads_to_the_person_and_never_stands_in_an_address(people, staff):
    answer = staff("sam").post("/admin/users/search", {"q": " BEA@example.org "}, status=303)

    assert answer.location.endswith(f"/admin/users/{people['bea']}")


@pytest.mark.parametrize("login", ["ada", "nobody", "", "x" * 5000, "a\x00b", "be"])
def test_a_login_that_is_not_found_or_not_covered_gets_one_answer(people, staff, login):
    page = staff("sam").post("/admin/users/search", {"q": login}, status=400)

    assert said(page) == "Nobody that you may see has exactly this login."


def test_a_foreign_person_is_not_there(people, staff):
    sam = staff("sam")

    for target in (people["ada"], "0" * 32, "zz", people["bea"].upper()):
        sam.get(f"/admin/users/{target}", status=404)


def test_a_person_who_may_only_be_looked_at_has_no_forms(people, staff):
    page = staff("sam").get(f"/admin/users/{people['bea']}", status=200)

    actions = {form["action"] for form in page.html.select("main form")}
    assert actions == {f"/admin/users/{people['bea']}/revocation"}


# ---------------------------------------------------------------- disabling


@pytest.mark.standard("S-050")
def test_disabling_ends_all_sessions_and_enabling_revives_none(world, people, staff):
    bea, ada = staff("bea@example.org"), staff("ada")
    path = f"/admin/users/{people['bea']}/status"

    disabled = ada.post(path, {"status": "disabled"}, status=303)
    assert flashed(ada.get(disabled.location)) == "The account is disabled; 1 session ended."
    assert not bea.is_signed_in
    bea.sign_in("bea@example.org", status=400)

    ada.post(path, {"status": "enabled"}, status=303)
    assert not bea.is_signed_in
    bea.sign_in("bea@example.org")
    assert bea.is_signed_in


@pytest.mark.parametrize("status", ["disabled", "enabled"])
def test_a_state_that_is_there_already_changes_nothing(world, people, staff, status):
    ada = staff("ada")
    path = f"/admin/users/{people['bea']}/status"
    ada.post(path, {"status": status})
    before = len(world.events())

    answer = ada.post(path, {"status": status}, status=303)

    assert f"{status} already" in flashed(ada.get(answer.location))
    assert [event.event for event in world.events()[before:]] == ["sensitive_read"]


@pytest.mark.parametrize("status", ["", "gone", "x" * 5000])
def test_an_unknown_status_is_refused(world, people, staff, status):
    page = staff("ada").post(f"/admin/users/{people['bea']}/status", {"status": status}, status=400)

    assert "disabled or enabled" in said(page)
    assert world.get_user(people["bea"]).active


def test_the_last_who_can_manage_grants_cannot_be_disabled(world, people, staff):
    ada = staff("ada")

    page = ada.post(f"/admin/users/{people['ada']}/status", {"status": "disabled"}, status=400)

    assert "nobody who can manage grants" in said(page)
    assert "Disable my own account" in page.text
    assert ada.is_signed_in
    assert world.get_user(people["ada"]).active
    (refusal,) = world.events("authz_fail")
    assert refusal.action == "admin.user.status"


def test_disabling_oneself_says_what_happens_and_signs_out(world, people, staff):
    world.user("abe", "admins")
    ada = staff("ada")

    page = ada.get(f"/admin/users/{people['ada']}")
    ada.post(f"/admin/users/{people['ada']}/status", {"status": "disabled"}, status=303)

    assert "you cannot sign in again until" in " ".join(page.html.get_text().split())
    assert not ada.is_signed_in
    ada.sign_in("ada", status=400)


# ---------------------------------------------------------------- groups


def test_a_person_gains_and_loses_a_group_at_once(world, people, staff):
    cem, ada = staff("cem"), staff("ada")
    path = f"/admin/users/{people['cem']}/groups"

    cem.get("/admin/sessions", status=403)
    answer = ada.post(path, {"group": "support", "action": "add"}, status=303)
    assert flashed(ada.get(answer.location)) == "Added to support."
    cem.get("/admin/sessions", status=200)

    ada.post(path, {"group": "support", "action": "remove"}, status=303)
    cem.get("/admin/sessions", status=403)
    (added, removed) = world.events("group_member_added", "group_member_removed")[-2:]
    assert added.details == removed.details == {"group": "support"}
    assert {added.actor_id, removed.actor_id} == {people["ada"]}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"group": "no-such", "action": "add"}, "There is no group"),
        ({"group": "", "action": "add"}, "A group is needed."),
        ({"group": "x" * 5000, "action": "add"}, "at most 500"),
        ({"group": "support", "action": "promote"}, "Choose whether"),
        ({"group": "support"}, "Choose whether"),
    ],
)
def test_a_change_of_groups_that_cannot_be_is_refused(people, staff, fields, sentence):
    page = staff("ada").post(f"/admin/users/{people['cem']}/groups", fields, status=400)

    assert sentence in said(page)


@pytest.fixture
def uli(world, browser):
    """Somebody who manages the users among customers, and holds nothing else."""
    world.group("user-desk")
    for permission in ("user:list", "user:manage"):
        world.grant("user-desk", permission, over="customers")
    world.user("uli", "user-desk")
    someone = browser()
    someone.sign_in("uli")
    return someone


def test_nobody_gives_what_they_do_not_hold(world, people, uli):
    world.grant("customers", "session:list")
    world.group("empty")

    for group in ("customers", "admins", "empty"):
        page = uli.post(
            f"/admin/users/{people['cem']}/groups", {"group": group, "action": "add"}, status="*"
        )
        # Cem holds more than Uli by now, through customers.
        assert page.status_int == 403


def test_a_group_beyond_ones_reach_is_worded_like_one_that_is_not_there(people, uli):
    path = f"/admin/users/{people['cem']}/groups"

    foreign = uli.post(path, {"group": "admins", "action": "add"}, status=400)
    unknown = uli.post(path, {"group": "no-such", "action": "add"}, status=400)

    assert said(foreign) == "There is no group 'admins'."
    assert said(unknown) == "There is no group 'no-such'."
    assert options(uli.get(f"/admin/users/{people['cem']}"), "group") == []


def test_a_group_that_confers_more_than_the_giver_holds_is_refused(world, people, browser):
    world.group("boss")
    world.grant("boss", "user:list")
    world.grant("boss", "user:manage")
    world.user("bo", "boss")
    bo = browser()
    bo.sign_in("bo")

    page = bo.post(
        f"/admin/users/{people['cem']}/groups", {"group": "support", "action": "add"}, status=400
    )

    assert "You cannot give what you do not hold yourself" in said(page)
    assert world.events("authz_fail")[-1].action == "admin.user.groups"
    assert "support" in options(page, "group")


def test_the_last_who_can_manage_grants_cannot_leave(world, people, staff):
    ada = staff("ada")
    path = f"/admin/users/{people['ada']}/groups"

    page = ada.post(path, {"group": "admins", "action": "remove"}, status=400)

    assert "nobody who can manage grants" in said(page)
    assert "Remove" in page.text and ada.get("/admin/groups", status=200)


def test_nobody_takes_from_themselves_what_lets_them_do_it(world, people, staff):
    world.user("abe", "admins")
    ada = staff("ada")

    page = ada.post(
        f"/admin/users/{people['ada']}/groups", {"group": "admins", "action": "remove"}, status=400
    )

    assert "take away from yourself" in said(page)
    ada.get("/admin/groups", status=200)


def test_leaving_a_group_that_is_not_needed_is_possible(people, staff, world):
    world.join(people["ada"], "support")

    staff("ada").post(
        f"/admin/users/{people['ada']}/groups", {"group": "support", "action": "remove"}, status=303
    )


def test_taking_a_person_out_of_ones_own_reach_leads_elsewhere(world, people, uli):
    answer = uli.post(
        f"/admin/users/{people['cem']}/groups",
        {"group": "customers", "action": "remove"},
        status=303,
    )

    assert answer.location.endswith("/admin/users")
    assert flashed(uli.get(answer.location)) == "Removed from customers."
    uli.get(f"/admin/users/{people['cem']}", status=404)


def test_what_one_does_not_hold_is_told_without_groups_that_one_may_not_know(world, people, uli):
    world.group("fraud-watch")
    world.group("fraud-desk")
    world.grant("fraud-desk", "pii:view", over="fraud-watch")
    world.grant("user-desk", "user:manage", over="fraud-desk")

    page = uli.post(
        f"/admin/users/{people['cem']}/groups",
        {"group": "fraud-desk", "action": "add"},
        status=400,
    )

    assert "do not hold yourself: pii:view over a group." in said(page)
    assert "fraud-watch" not in page.text
    assert page.html.select_one("select[name=group] option[selected]")["value"] == "fraud-desk"
