"""Staff end sessions: with a reason, at once, and never of somebody stronger."""

import pytest

from tests.support.staff import begin, flashed, said


@pytest.fixture
def people(world):
    return {
        "bea": world.user("bea", "customers"),
        "ada": world.user("ada", "admins"),
        "sam": world.user("sam", "support"),
        "sue": world.user("sue", "security"),
    }


@pytest.fixture
def staff(browser, people):
    def signed_in(login):
        someone = browser()
        someone.sign_in(login)
        return someone

    return signed_in


def only(world, user_id):
    return world.only_session(user_id).public_id.hex


def test_an_ended_session_is_signed_out_at_once_and_told_why(world, people, staff):
    bea, sam = staff("bea"), staff("sam")
    ended = only(world, people["bea"])

    answer = sam.post(
        f"/admin/sessions/{ended}/revocation", {"reason": "laptop reported stolen"}, status=303
    )

    assert answer.location.endswith(f"/admin/sessions/{ended}")
    page = sam.get(answer.location)
    assert "The session is ended" in flashed(page)
    assert "laptop reported stolen" in page.text and "End this session" not in page.text
    assert not bea.is_signed_in
    assert "Staff ended your session." in bea.get("/sign-in").text
    bea.sign_in("bea")
    assert "laptop reported stolen" in bea.get("/account/sessions").text


def test_the_reason_is_kept_with_the_session_and_in_the_trail(world, people, staff):
    (ended,) = begin(world, people["bea"])

    staff("sam").post(f"/admin/sessions/{ended}/revocation", {"reason": "  lost  phone "})

    row = world.only_session(people["bea"])
    assert (row.end_reason, row.ended_by, row.end_note) == (
        "ended-by-staff",
        people["sam"],
        "lost phone",
    )
    (event,) = world.events("session_ended")
    assert event.details == {"note": "lost phone"}
    assert (event.actor_id, event.subject_id) == (people["sam"], people["bea"])


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b", "a\u202eb"])
def test_without_a_usable_reason_nothing_ends(world, people, staff, reason):
    (live,) = begin(world, people["bea"])

    page = staff("sam").post(f"/admin/sessions/{live}/revocation", {"reason": reason}, status=400)

    assert "reason" in said(page)
    assert page.html.select("textarea[name=reason]")
    assert world.only_session(people["bea"]).ended_at is None


def test_a_session_that_had_already_ended_is_said_so_and_not_recorded(world, people, staff):
    (ended,) = begin(world, people["bea"])
    sam = staff("sam")
    sam.post(f"/admin/sessions/{ended}/revocation", {"reason": "first"})

    answer = sam.post(f"/admin/sessions/{ended}/revocation", {"reason": "second"}, status=303)

    assert "had already ended" in sam.get(answer.location).text
    assert len(world.events("session_ended")) == 1
    assert world.only_session(people["bea"]).end_note == "first"


def test_ending_ones_own_session_is_signing_out(world, people, staff):
    ada = staff("ada")

    answer = ada.post(
        f"/admin/sessions/{only(world, people['ada'])}/revocation", {"reason": "done"}, status=303
    )

    assert answer.location == "http://localhost/"
    assert not ada.is_signed_in
    assert world.only_session(people["ada"]).end_reason == "signed-out"


def test_support_cannot_end_an_administrator_even_among_customers(world, people, staff):
    world.join(people["ada"], "customers")
    ada, sam = staff("ada"), staff("sam")
    target = only(world, people["ada"])

    page = sam.get(f"/admin/sessions/{target}", status=200)
    sam.post(f"/admin/sessions/{target}/revocation", {"reason": "why not"}, status=403)
    sam.post(f"/admin/users/{people['ada']}/revocation", {"reason": "why not"}, status=403)

    assert "may do things that you may not" in page.text
    assert not page.html.select("textarea")
    assert ada.is_signed_in
    assert len(world.events("authz_fail")) == 2


def test_security_can_end_an_administrator(world, people, staff):
    ada, sue = staff("ada"), staff("sue")

    sue.post(
        f"/admin/sessions/{only(world, people['ada'])}/revocation",
        {"reason": "account taken over"},
        status=303,
    )

    assert not ada.is_signed_in


def test_security_cannot_change_an_administrators_account(people, staff):
    sue = staff("sue")

    sue.post(f"/admin/users/{people['ada']}/status", {"status": "disabled"}, status=403)


def test_all_sessions_of_a_person_end(world, people, staff):
    phone, laptop, sam = staff("bea"), staff("bea"), staff("sam")

    answer = sam.post(f"/admin/users/{people['bea']}/revocation", {"reason": "stolen"}, status=303)

    assert flashed(sam.get(answer.location)) == "2 sessions ended."
    assert not phone.is_signed_in and not laptop.is_signed_in
    assert sam.is_signed_in
    assert [row.end_note for row in world.sessions(people["bea"])] == ["stolen", "stolen"]


def test_ending_all_needs_a_reason(world, people, staff):
    bea, sam = staff("bea"), staff("sam")

    page = sam.post(f"/admin/users/{people['bea']}/revocation", {"reason": ""}, status=400)

    assert "A reason is needed." in said(page)
    assert bea.is_signed_in


def test_ending_all_where_none_is_left_says_so(world, people, staff):
    sam = staff("sam")

    answer = sam.post(f"/admin/users/{people['bea']}/revocation", {"reason": "sure"}, status=303)

    assert "No session was live" in flashed(sam.get(answer.location))


def test_ending_all_of_ones_own_signs_out_here_too(world, people, staff):
    ada, other = staff("ada"), staff("ada")

    ada.post(f"/admin/users/{people['ada']}/revocation", {"reason": "cleaning up"}, status=303)

    assert not ada.is_signed_in and not other.is_signed_in


def test_a_foreign_session_is_not_there(world, people, staff):
    (sue,) = begin(world, people["sue"])
    sam = staff("sam")

    for target in (sue, "0" * 32):
        sam.post(f"/admin/sessions/{target}/revocation", {"reason": "x"}, status=404)
    sam.post(f"/admin/users/{people['sue']}/revocation", {"reason": "x"}, status=404)

    assert world.only_session(people["sue"]).ended_at is None


@pytest.mark.standard("S-038")
def test_a_change_needs_a_recent_proof(world, people, staff, clock):
    (live,) = begin(world, people["bea"])
    sam = staff("sam")
    clock.advance(seconds=601)
    page = f"http://localhost/admin/sessions/{live}"

    answer = sam.post(
        f"/admin/sessions/{live}/revocation",
        {"reason": "stolen"},
        status=303,
        headers={"Referer": page},
    )

    assert answer.location.endswith(f"/confirm?next=%2Fadmin%2Fsessions%2F{live}")
    assert world.only_session(people["bea"]).ended_at is None
    sam.confirm()
    sam.post(f"/admin/sessions/{live}/revocation", {"reason": "stolen"}, status=303)
    assert world.only_session(people["bea"]).ended_at is not None


def test_somebody_who_may_end_but_not_look_is_answered_without_the_page(world, people, browser):
    world.group("night-watch")
    world.grant("night-watch", "session:revoke", over="customers")
    world.user("nia", "night-watch")
    nia = browser()
    nia.sign_in("nia")
    (live,) = begin(world, people["bea"])

    nia.get(f"/admin/sessions/{live}", status=403)
    rejected = nia.post(f"/admin/sessions/{live}/revocation", {"reason": ""}, status=400)
    unseen = nia.post(f"/admin/users/{people['bea']}/revocation", {"reason": ""}, status=400)
    ended = nia.post(f"/admin/sessions/{live}/revocation", {"reason": "stolen"}, status=303)
    all_of = nia.post(f"/admin/users/{people['bea']}/revocation", {"reason": "all"}, status=303)

    assert "A reason is needed." in rejected.text and "A reason is needed." in unseen.text
    assert "198.51.100" not in rejected.text + unseen.text
    assert ended.location == all_of.location == "http://localhost/"


@pytest.mark.standard("S-124")
@pytest.mark.parametrize("kind", ["sessions", "users"])
def test_a_page_shown_again_after_a_refusal_was_looked_at_too(world, people, staff, kind):
    (live,) = begin(world, people["bea"])
    target = live if kind == "sessions" else people["bea"]

    staff("sam").post(f"/admin/{kind}/{target}/revocation", {"reason": ""}, status=400)

    (read,) = world.events("sensitive_read")
    (refused,) = world.events("input_validation_fail")
    assert (read.action, read.subject_id) == (f"admin.{kind[:-1]}", people["bea"])
    assert (refused.reason, refused.subject_id) == ("reason", people["bea"])


@pytest.mark.standard("S-085")
def test_a_refusal_names_who_it_was_about(world, people, staff):
    world.join(people["ada"], "customers")
    (target,) = begin(world, people["ada"])

    staff("sam").post(f"/admin/sessions/{target}/revocation", {"reason": "why"}, status=403)

    (refusal,) = world.events("authz_fail")
    assert (refusal.subject_id, refusal.session_id) == (people["ada"], target)


def test_the_reason_for_ending_ones_own_session_is_kept(world, people, staff):
    ada = staff("ada")

    ada.post(f"/admin/sessions/{only(world, people['ada'])}/revocation", {"reason": "done here"})

    row = world.only_session(people["ada"])
    assert (row.end_reason, row.end_note) == ("signed-out", "done here")
