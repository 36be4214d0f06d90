"""Staff find sessions: only those that their grants cover, and only as much of them."""

from datetime import timedelta

import pytest

from tests.support.staff import begin, listed_sessions, options, said


@pytest.fixture
def people(world):
    """Two customers, one of them also of a group that support knows nothing of; and staff."""
    world.group("fraud-watch")
    return {
        "bea": world.user("bea@example.org", "customers", name="Bea Berg"),
        "cem": world.user("cem", "customers", "fraud-watch"),
        "dan": world.user("dan", "fraud-watch"),
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


def test_support_sees_the_sessions_of_customers_and_of_nobody_else(world, people, staff):
    (bea,), (cem,) = begin(world, people["bea"]), begin(world, people["cem"])
    begin(world, people["dan"])

    page = staff("sam").get("/admin/sessions", status=200)

    assert listed_sessions(page) == [cem, bea]
    assert "2 live" in page.text
    assert "Dan" not in page.text


def test_support_learns_nothing_of_other_groups(world, people, staff):
    (cem,) = begin(world, people["cem"])
    sam = staff("sam")

    for path in ("/admin/sessions", f"/admin/sessions/{cem}", f"/admin/users/{people['cem']}"):
        assert "fraud" not in sam.get(path, status=200).text
    assert options(sam.get("/admin/sessions"), "group") == ["", "customers"]
    assert options(sam.get("/admin/users"), "group") == ["", "customers"]


def test_a_group_that_is_not_covered_filters_like_one_that_does_not_exist(world, people, staff):
    begin(world, people["cem"])
    sam = staff("sam")

    covered = sam.get("/admin/sessions?group=fraud-watch", status=200)
    unknown = sam.get("/admin/sessions?group=no-such", status=200)

    assert listed_sessions(covered) == listed_sessions(unknown) == []
    assert listed_sessions(staff("ada").get("/admin/sessions?group=fraud-watch"))


@pytest.mark.standard("S-127")
def test_addresses_and_logins_are_masked_without_pii_view(world, people, staff):
    (bea,) = begin(world, people["bea"])

    for path in (
        "/admin/sessions",
        f"/admin/sessions/{bea}",
        "/admin/users",
        f"/admin/users/{people['bea']}",
    ):
        text = staff("sam").get(path, status=200).text
        assert "198.51.100.7" not in text
        assert "bea@example.org" not in text
    masked = staff("sam").get(f"/admin/sessions/{bea}").text
    assert "198.51.100.x" in masked and "b…@example.org" in masked
    full = staff("ada").get(f"/admin/sessions/{bea}").text
    assert "198.51.100.7" in full and "bea@example.org" in full


def test_a_name_that_is_an_address_is_masked_too(world, staff, people):
    begin(world, world.user("eve@example.org", "customers", name="eve@example.org"))

    page = staff("sam").get("/admin/sessions")

    assert "e…@example.org" in page.text and "eve@example.org" not in page.text


def test_the_requesters_own_session_is_marked(world, people, staff):
    ada = staff("ada")

    page = ada.get("/admin/sessions")

    (own,) = page.html.select("tr[data-current]")
    assert own["data-session-id"] == world.only_session(people["ada"]).public_id.hex


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("user=be", ["bea"]),
        ("user=BEA", ["bea"]),
        ("user=nobody", []),
        ("group=customers", ["cem", "bea"]),
        ("address=198.51.100.7", ["bea"]),
        ("address=198.51.100.0/24", ["bea"]),
        ("address=::ffff:198.51.100.7", ["bea"]),
        ("address=2001:db8::/32", ["cem"]),
        ("address=0.0.0.0/0", ["dan", "bea"]),
        ("device=Firefox+on+Linux", ["bea"]),
        ("device=firefox", ["bea"]),
        ("device=linux", ["bea"]),
        ("device=Safari", ["cem"]),
        ("device=safari", ["cem"]),
        ("device=iphone", ["cem"]),
        ("idle=86400", ["dan"]),
        ("idle=86400&user=bea", []),
        ("state=ended", []),
        ("state=all", ["dan", "cem", "bea"]),
        ("user=%25", []),
        ("user=_", []),
    ],
)
def test_filters(world, people, browser, query, found):
    world.grant("security", "session:list", over="fraud-watch")
    ids = {
        "bea": begin(world, people["bea"])[0],
        "cem": begin(world, people["cem"], address="2001:db8::7", device="Safari on iPhone")[0],
        "dan": begin(
            world,
            people["dan"],
            device="Chrome on macOS",
            address="192.0.2.1",
            ago=timedelta(days=2),
        )[0],
    }
    uma = browser()
    world.user("uma", "security")
    uma.sign_in("uma")
    own = world.sessions()[-1].public_id.hex

    page = uma.get(f"/admin/sessions?{query}", status=200)

    assert [one for one in listed_sessions(page) if one != own] == [ids[name] for name in found]


def test_a_user_is_found_by_public_id(world, people, staff):
    (bea,) = begin(world, people["bea"])
    begin(world, people["cem"])

    page = staff("sam").get(f"/admin/sessions?user={people['bea']}")

    assert listed_sessions(page) == [bea]


@pytest.mark.standard("S-041")
def test_ended_sessions_say_how(world, people, staff, clock):
    (bea,) = begin(world, people["bea"], ago=timedelta(days=8))

    page = staff("sam").get("/admin/sessions?state=ended", status=200)

    (row,) = page.html.select(f'[data-session-id="{bea}"]')
    assert row["data-state"] == "ended"
    assert "not used" in row.get_text()


@pytest.mark.standard("S-062")
@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("user=bea@example.org", "User"),
        ("user=" + "x" * 5000, "User"),
        ("user=%E2%80%AE", "User"),
        ("address=300.1.1.1", "Address"),
        ("address=10.0.0.0/99", "Address"),
        ("state=dead", "State"),
        ("idle=12", "Idle"),
        ("idle=-1", "Idle"),
        ("group=" + "g" * 5000, "Group"),
        ("device=" + "d" * 5000, "Device"),
        ("cursor=after-", "cursor"),
        ("cursor=after-zz", "cursor"),
        ("cursor=after-ff", "cursor"),
        ("cursor=after-99999999999999999999", "cursor"),
        ("cursor=120", "cursor"),
        ("cursor=" + "9" * 5000, "cursor"),
    ],
)
def test_hostile_filters_are_refused_with_a_sentence_and_the_form_again(
    staff, people, world, query, label
):
    ada = staff("ada")

    page = ada.get(f"/admin/sessions?{query}", status=400)

    assert label in said(page)
    assert listed_sessions(page) == []
    assert page.html.select("form.filters")
    assert "bea@example.org" not in "".join(a["href"] for a in page.html.select("a[href]"))
    (event,) = world.events("input_validation_fail")
    assert "example" not in f"{event.reason}{event.details}"


@pytest.mark.parametrize("path", ["/admin/sessions", "/admin/users", "/admin/audit"])
@pytest.mark.parametrize("query", ["q=%00", "user=%00", "user=%ff", "actor=%00", "cursor=%00"])
def test_what_is_not_text_is_refused(staff, people, path, query):
    staff("ada").get(f"{path}?{query}", status=400)


@pytest.mark.standard("S-062")
@pytest.mark.parametrize("backwards_from", [1, 2])
def test_pages_both_ways(world, people, staff, backwards_from):
    begin(world, people["bea"], count=120)
    sam = staff("sam")
    newest_first = [row.public_id.hex for row in reversed(world.sessions(people["bea"]))]

    pages = [sam.get("/admin/sessions")]
    while older := pages[-1].html.select_one("a[rel=next]"):
        pages.append(sam.get(older["href"], status=200))
    newer = sam.get(pages[backwards_from].html.select_one("a[rel=prev]")["href"], status=200)

    assert [len(listed_sessions(page)) for page in pages] == [50, 50, 20]
    assert [one for page in pages for one in listed_sessions(page)] == newest_first
    assert listed_sessions(newer) == listed_sessions(pages[backwards_from - 1])
    assert pages[0].html.select_one("a[rel=prev]") is None
    assert (newer.html.select_one("a[rel=prev]") is None) == (backwards_from == 1)


def test_pages_keep_the_filters(world, people, staff):
    begin(world, people["bea"], count=60)
    begin(world, people["cem"], count=60)
    sam = staff("sam")

    first = sam.get("/admin/sessions?user=be&state=all")
    second = sam.get(first.html.select_one("a[rel=next]")["href"])

    assert len(listed_sessions(second)) == 10
    assert second.html.select_one("input[name=user]")["value"] == "be"


# ---------------------------------------------------------------- one session


def test_a_session_tells_what_happened_and_what_its_person_may_do(world, people, staff):
    staff("sam")
    session = world.only_session(people["sam"])

    page = staff("ada").get(f"/admin/sessions/{session.public_id.hex}", status=200)

    text = page.html.get_text(" ", strip=True)
    assert "Session began" in text
    assert "session:revoke customers member of support" in text
    assert "End this session" in text


def test_the_order_of_refusals(world, people, staff, browser):
    (bea,), (dan,) = begin(world, people["bea"]), begin(world, people["dan"])
    sam, aud, ann = staff("sam"), browser(), browser()
    world.user("aud", "auditors")
    aud.sign_in("aud")

    sam.get("/admin/sessions/not-an-id", status=404)
    anonymous = ann.get(f"/admin/sessions/{bea}", status=303)
    sam.get(f"/admin/sessions/{dan}", status=404)
    sam.get("/admin/sessions/" + "0" * 32, status=404)
    # Covered, but ending is not permitted: 403, before the missing token is looked at.
    aud.post(f"/admin/sessions/{bea}/revocation", {}, csrf=False, status=403)
    sam.post(f"/admin/sessions/{bea}/revocation", {}, csrf=False, status=400)

    assert anonymous.location.endswith(f"/sign-in?next=%2Fadmin%2Fsessions%2F{bea}")
    assert "reason" not in said(sam.get("/admin/sessions"))
    refusal = world.events("authz_fail")[-1]
    assert refusal.action == "admin.session.revocation"
    assert "session:revoke" in refusal.reason


@pytest.mark.parametrize(
    "path",
    [
        "/admin",
        "/admin/sessions",
        "/admin/users",
        "/admin/groups",
        "/admin/groups/customers",
        "/admin/audit",
    ],
)
def test_a_customer_gets_nowhere(staff, browser, people, path):
    bea = staff("bea@example.org")

    assert bea.get(path, status="*").status_int in {403, 404}
    assert browser().get(path, status=303).location.startswith("http://localhost/sign-in")
    assert "Admin" not in bea.get("/account/sessions").text


@pytest.mark.standard("S-124")
def test_looking_is_recorded_once_and_without_what_was_seen(world, people, staff):
    (bea,) = begin(world, people["bea"])
    sam = staff("sam")

    sam.get("/admin/sessions?user=bea&state=all&address=198.51.100.0/24")
    sam.get(f"/admin/sessions/{bea}")
    sam.get(f"/admin/users/{people['bea']}")

    listed, session, user = world.events("sensitive_read")
    assert {event.outcome for event in (listed, session, user)} == {"success"}
    assert {event.actor_id for event in (listed, session, user)} == {people["sam"]}
    assert listed.action == "admin.sessions"
    assert listed.details == {"state": "all", "user": "given", "address": "given"}
    assert (session.subject_id, session.session_id) == (people["bea"], bea)
    assert (user.action, user.subject_id) == ("admin.user", people["bea"])


def test_looking_at_oneself_is_not_recorded(world, people, staff):
    ada = staff("ada")
    own = world.only_session(people["ada"]).public_id.hex

    ada.get(f"/admin/sessions/{own}", status=200)
    ada.get(f"/admin/users/{people['ada']}", status=200)

    assert world.events("sensitive_read") == []


# ---------------------------------------------------------------- what a list must not tell


def test_an_address_is_not_found_by_more_of_it_than_is_shown(world, people, staff):
    (bea,) = begin(world, people["bea"])
    sam, ada = staff("sam"), staff("ada")

    assert listed_sessions(sam.get("/admin/sessions?address=198.51.100.0/24")) == [bea]
    for narrow in ("198.51.100.7", "198.51.100.0/25", "::ffff:198.51.100.7"):
        assert listed_sessions(sam.get(f"/admin/sessions?address={narrow}", status=200)) == []
        assert listed_sessions(ada.get(f"/admin/sessions?address={narrow}")) == [bea]


def test_a_cursor_does_not_count_the_sessions_of_others(world, people, staff):
    begin(world, people["bea"], count=60)
    numbers = {str(row.id) for row in world.sessions()}

    href = staff("sam").get("/admin/sessions").html.select_one("a[rel=next]")["href"]

    assert len(href.partition("after-")[2]) == 32
    assert href.partition("after-")[2].lstrip("0") not in numbers
    staff("sam").get(f"/admin/sessions?cursor=after-{numbers.pop()}", status=400)


@pytest.mark.parametrize("path", ["sessions?device=", "sessions?group=", "users?group="])
def test_a_whole_address_of_somebody_is_no_filter(world, people, staff, path):
    staff("ada").get(f"/admin/{path}bea@example.org", status=400)

    assert not [event for event in world.events() if "@" in f"{event.details}{event.reason}"]


@pytest.mark.standard("S-041")
def test_a_session_that_the_limits_of_staff_ended_is_not_called_live(world, people, staff, clock):
    begin(world, people["sam"], ago=timedelta(hours=2))
    (bea,) = begin(world, people["bea"], ago=timedelta(hours=2))
    ada = staff("ada")
    rested = world.sessions(people["sam"])[0].public_id.hex

    assert rested not in listed_sessions(ada.get("/admin/sessions"))
    assert bea in listed_sessions(ada.get("/admin/sessions"))
    ended = ada.get("/admin/sessions?state=ended").html.select_one(f'[data-session-id="{rested}"]')
    page = ada.get(f"/admin/sessions/{rested}")

    assert "not used" in ended.get_text() and "not used" in page.text
    assert page.html.select_one("[data-session-id]")["data-state"] == "ended"


def test_asking_for_what_is_not_there_for_one_is_recorded(world, people, staff):
    (dan,) = begin(world, people["dan"])
    sam = staff("sam")

    sam.get(f"/admin/sessions/{dan}", status=404)
    sam.post(f"/account/sessions/{dan}/revocation", status=404)

    refusals = world.events("authz_fail")
    assert [event.action for event in refusals] == ["admin.session", "account.revocation"]
    assert {event.subject_id for event in refusals} == {None}
