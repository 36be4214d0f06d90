"""Staff read what happened; each reader only what concerns whom they cover."""

import pytest

from tests.support.staff import begin, said


@pytest.fixture
def people(world):
    return {
        "bea": world.user("bea@example.org", "customers", name="Bea Berg"),
        "dan": world.user("dan", name="Dan Dorn"),
        "ada": world.user("ada", "admins", name="Ada Adler"),
    }


@pytest.fixture
def ada(people, browser):
    someone = browser()
    someone.sign_in("ada")
    return someone


@pytest.fixture
def rex(world, people, browser):
    """Somebody who reads the trail of customers alone."""
    world.group("readers")
    world.grant("readers", "audit:read", over="customers")
    world.user("rex", "readers")
    someone = browser()
    someone.sign_in("rex")
    return someone


def rows(page):
    return [" ".join(row.get_text(" ").split()) for row in page.html.select("tbody tr")]


def test_an_ending_is_told_with_who_whom_and_why(world, people, ada):
    (ended,) = begin(world, people["bea"])
    ada.post(f"/admin/sessions/{ended}/revocation", {"reason": "laptop stolen"})

    (told,) = rows(ada.get("/admin/audit?event=session_ended", status=200))

    assert "Session ended just now Bea Berg you 203.0.113.7 ended by staff, “laptop stolen”" in told


def test_a_scoped_reader_sees_only_what_concerns_whom_they_cover(world, people, ada, rex):
    (bea,), (dan,) = begin(world, people["bea"]), begin(world, people["dan"])
    for session in (bea, dan):
        ada.post(f"/admin/sessions/{session}/revocation", {"reason": "stolen"})
    ada.post(f"/admin/users/{people['bea']}/groups", {"group": "security", "action": "add"})

    page = rex.get("/admin/audit", status=200)

    told = rows(page)
    assert any("Session ended" in row and "staff" in row for row in told)
    assert any("Put into a group" in row and "a group" in row for row in told)
    for hidden in ("Dan Dorn", "Ada Adler", "security", "203.0.113.7", "Access refused"):
        assert hidden not in "".join(told)


def test_a_scoped_reader_cannot_reach_others_by_filters(world, people, ada, rex):
    (dan,) = begin(world, people["dan"])
    ada.post(f"/admin/sessions/{dan}/revocation", {"reason": "stolen"})

    for query in (f"subject={people['dan']}", f"session={dan}", "event=session_created"):
        assert "Dan" not in rex.get(f"/admin/audit?{query}", status=200).text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("event=session_ended", 1),
        ("event=session_ended&outcome=success", 1),
        ("event=session_ended&outcome=refused", 0),
        ("event=session_ended&actor={ada}", 1),
        ("event=session_ended&actor={bea}", 0),
        ("event=session_ended&subject={bea}", 1),
        ("event=session_ended&subject={ada}", 0),
        ("event=session_ended&session={ended}", 1),
        ("event=group_created&actor=system", 5),
    ],
)
def test_filters(world, people, ada, query, count):
    (ended,) = begin(world, people["bea"])
    ada.post(f"/admin/sessions/{ended}/revocation", {"reason": "stolen"})

    page = ada.get("/admin/audit?" + query.format(ended=ended, **people), status=200)

    assert len(rows(page)) == count


@pytest.mark.parametrize(
    "query",
    [
        "event=nonsense",
        "outcome=maybe",
        "actor=ada@example.org",
        "actor=ada",
        "subject=" + "f" * 33,
        "session=zz",
        "cursor=after-" + "9" * 30,
        "event=" + "x" * 5000,
    ],
)
def test_hostile_filters_are_refused(people, ada, query):
    page = ada.get(f"/admin/audit?{query}", status=400)

    assert said(page) and rows(page) == []


def test_pages_both_ways(world, people, ada):
    begin(world, people["bea"], count=60)
    ada.post(f"/admin/users/{people['bea']}/revocation", {"reason": "all of them"})

    first = ada.get("/admin/audit?event=session_ended")
    second = ada.get(first.html.select_one("a[rel=next]")["href"])
    back = ada.get(second.html.select_one("a[rel=prev]")["href"])

    assert (len(rows(first)), len(rows(second))) == (50, 10)
    assert rows(back) == rows(first)


@pytest.mark.standard("S-124")
def test_reading_the_trail_is_recorded(world, people, ada):
    ada.get(f"/admin/audit?event=session_ended&subject={people['bea']}")

    (read,) = world.events("sensitive_read")
    assert (read.action, read.outcome) == ("admin.audit", "success")
    assert read.details == {"event": "session_ended", "subject": "given"}


def test_an_anonymous_failure_names_nobody(people, ada, browser):
    browser().sign_in("bea@example.org", password="wrong horse wrong", status=400)

    (told,) = rows(ada.get("/admin/audit?event=authn_login_fail"))

    assert "Failed sign-in" in told and "not signed in" in told and "Bea" not in told
