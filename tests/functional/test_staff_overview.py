"""The overview: the figures that matter now, of whom the requester's grants cover."""

import re
from datetime import timedelta

import pytest

from tests.support.staff import begin


@pytest.fixture
def people(world):
    return {
        "bea": world.user("bea", "customers"),
        "dan": world.user("dan"),
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


def figures(page):
    """The figures by label."""
    return {
        group.dt.get_text(): group.dd.get_text(strip=True)
        for group in page.html.select("dl.figures > div")
    }


def attention(page):
    return " ".join(page.html.select_one("[aria-labelledby=attention]").get_text(" ").split())


def test_figures_of_everyone(world, people, staff):
    begin(world, people["bea"], count=2)
    begin(world, people["dan"])
    ada = staff("ada")

    page = ada.get("/admin", status=200)

    assert figures(page) == {
        "Live sessions": "4",
        "People signed in": "3",
        "Staff signed in": "1",
        "Sign-ins in 24 h": "1",
        "Failed sign-ins in 24 h": "0",
    }
    assert "Nothing needs attention." in attention(page)


def test_figures_of_support_are_those_of_customers(world, people, staff):
    begin(world, people["bea"], count=2)
    begin(world, people["dan"])
    sam = staff("sam")

    page = sam.get("/admin", status=200)

    assert figures(page) == {"Live sessions": "2", "People signed in": "1", "Sign-ins in 24 h": "0"}
    assert "Members of customers" in page.text
    assert "/admin/audit" not in page.text


@pytest.mark.standard("S-041")
def test_a_lapsed_session_is_not_counted_before_anyone_sweeps(world, people, staff):
    begin(world, people["bea"], ago=timedelta(days=8))
    begin(world, people["dan"], ago=timedelta(days=6))
    ada = staff("ada")

    counted = figures(ada.get("/admin", status=200))

    assert (counted["Live sessions"], counted["People signed in"]) == ("2", "2")
    assert "2 live" in ada.get("/admin/sessions").text
    assert [row.ended_at for row in world.sessions()] == [None] * 3


def test_changes_and_endings(world, people, staff, clock):
    staff("bea")
    staff("bea")
    clock.advance(hours=25)
    bea, ada = staff("bea"), staff("ada")
    bea.sign_out()

    text = " ".join(ada.get("/admin").html.get_text(" ").split())

    assert "Sign-ins in 24 h 2 as many as the day before" in text
    assert "signed out 1" in text


def test_an_event_counts_in_its_own_day_and_not_after_two(world, people, staff, clock):
    staff("bea")
    clock.advance(hours=24, seconds=-1)
    assert figures(staff("ada").get("/admin"))["Sign-ins in 24 h"] == "2"

    clock.advance(hours=24)
    page = staff("ada").get("/admin")
    assert figures(page)["Sign-ins in 24 h"] == "1"
    assert "as many as the day before" in page.text


def test_a_burst_of_failed_sign_ins_needs_attention(world, people, staff, browser, clock):
    for number in range(12):
        browser().sign_in(f"nobody{number}", password="wrong horse wrong", status="*")
        clock.advance(seconds=30)
    ada = staff("ada")

    page = ada.get("/admin")

    assert re.search(r"1[12] refused sign-ins from 203\.0\.113\.7", attention(page))
    ada.get(page.html.select_one("ul.worklist a")["href"], status=200)
    assert "sign-ins from" not in staff("sam").get("/admin").text


def test_a_disabled_account_needs_attention(world, people, staff):
    ada = staff("ada")
    ada.post(f"/admin/users/{people['bea']}/status", {"status": "disabled"})

    assert "1 account disabled in the last 7 days" in attention(ada.get("/admin"))
    assert "1 account disabled" in attention(staff("sam").get("/admin"))


def test_auditors_see_masked_addresses(world, people, staff, browser, clock):
    world.user("aud", "auditors")
    for number in range(12):
        browser().sign_in(f"nobody{number}", password="wrong horse wrong", status="*")
        clock.advance(seconds=30)

    assert "203.0.113.x" in attention(staff("aud").get("/admin"))
