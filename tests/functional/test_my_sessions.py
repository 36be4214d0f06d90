"""My sessions: what is mine, ending what I choose, and nobody else's."""

from string import ascii_letters, digits

import pytest

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def phone(bea, browser):
    other = browser(IPHONE)
    other.sign_in("bea")
    return other


@pytest.fixture
def ann(world, browser):
    world.user("ann", "customers")
    someone = browser()
    someone.sign_in("ann")
    return someone


def own_id(person):
    page = person.get("/account/sessions", status=200)
    return page.html.find(attrs={"data-current": True})["data-session-id"]


@pytest.mark.standard("S-042")
def test_i_see_all_my_sessions_and_only_mine(bea, phone, ann):
    page = bea.get("/account/sessions", status=200)

    assert len(bea.session_ids()) == 2
    assert "Firefox on Linux" in page.text
    assert "Safari on iPhone" in page.text
    assert "203.0.113.x" in page.text and "203.0.113.7" not in page.text
    assert own_id(ann) not in page.text and "Ann" not in page.text
    assert len(page.html.find_all(attrs={"data-current": True})) == 1
    for label in ("Signed in", "Last active", "Ends"):
        told = page.html.select(f'tr[data-session-id] [data-label="{label}"]')
        assert len([cell for cell in told if cell.get_text(strip=True)]) == 2


@pytest.mark.standard("S-043")
def test_the_page_shows_neither_secret_nor_digest_nor_row_number(bea, phone, world):
    page = bea.get("/account/sessions", status=200).text

    for row in world.sessions():
        assert row.token_hash.hex()[:8] not in page
        assert f'"{row.id}"' not in page
    assert bea.cookie not in page


@pytest.mark.standard("S-044")
def test_ending_one_takes_effect_at_its_very_next_request(bea, phone, world):
    target = own_id(phone)

    answer = bea.post(f"/account/sessions/{target}/revocation", status=303)

    assert "Safari on iPhone is signed out." in answer.follow().text
    assert not phone.is_signed_in
    assert bea.is_signed_in
    row = world.sessions()[1]
    assert (row.end_reason, row.ended_by) == ("ended-by-owner", row.user_id)


def test_the_ended_browser_is_told_why_in_one_sentence(bea, phone):
    bea.post(f"/account/sessions/{own_id(phone)}/revocation", status=303)

    arrived = phone.get("/account/sessions", status=303).follow()

    assert "You were signed out here from another of your devices." in arrived.text
    assert phone.cookie in {None, ""}
    assert "from another of your devices" not in phone.get("/sign-in").text


@pytest.mark.standard("S-046")
def test_ending_what_had_already_ended_says_so_and_records_nothing(bea, phone, world):
    target = own_id(phone)
    bea.post(f"/account/sessions/{target}/revocation", status=303)
    events = len(world.events("session_ended"))

    answer = bea.post(f"/account/sessions/{target}/revocation", status=303)

    assert "had already ended" in answer.follow().text
    assert len(world.events("session_ended")) == events


@pytest.mark.standard("S-045")
def test_ending_all_others_says_how_many_and_leaves_this_one(bea, phone, browser):
    third = browser()
    third.sign_in("bea")

    answer = bea.post("/account/sessions/revocations", {"which": "others"}, status=303)

    assert "2 sessions ended." in answer.follow().text
    assert [person.is_signed_in for person in (bea, phone, third)] == [True, False, False]


@pytest.mark.standard("S-045")
def test_ending_all_signs_out_here_too(bea, phone):
    secret = bea.cookie

    bea.post("/account/sessions/revocations", {"which": "all"}, status=303)

    assert bea.cookie in {None, ""}
    bea.cookie = secret
    assert not bea.is_signed_in
    assert not phone.is_signed_in


@pytest.mark.standard("S-149")
def test_before_ending_all_one_is_told_what_will_happen(bea):
    """In the page itself; with JavaScript a dialog asks once more."""
    page = bea.get("/account/sessions", status=200)

    form = page.html.select_one("input[name=which][value=all]").find_parent("form")

    assert "On every device, this one too. You will have to sign in again." in form.get_text()
    assert "also here? You will have to sign in again." in form["data-confirm"]


def test_after_ending_all_one_can_sign_in_again(bea):
    bea.post("/account/sessions/revocations", {"which": "all"}, status=303)

    bea.sign_in("bea")

    assert bea.is_signed_in


@pytest.mark.standard("S-045")
def test_ending_the_session_in_use_is_signing_out(bea):
    bea.post(f"/account/sessions/{own_id(bea)}/revocation", status=303)

    assert not bea.is_signed_in


def test_ending_a_selection(bea, phone, browser):
    third = browser()
    third.sign_in("bea")
    chosen = [("id", own_id(phone)), ("which", "selected")]

    bea.post("/account/sessions/revocations", chosen, status=303)

    assert [person.is_signed_in for person in (bea, phone, third)] == [True, False, True]


@pytest.mark.standard("S-068")
def test_one_foreign_id_in_a_selection_and_nothing_ends(bea, phone, ann, world):
    chosen = [("id", own_id(phone)), ("id", own_id(ann)), ("which", "selected")]

    bea.post("/account/sessions/revocations", chosen, status=404)

    assert all(row.ended_at is None for row in world.sessions())
    assert len(world.events("authz_fail")) == 1


def test_already_ended_ones_in_a_selection_are_counted(bea, phone, browser):
    third = browser()
    third.sign_in("bea")
    chosen = [("id", own_id(phone)), ("id", own_id(third)), ("which", "selected")]
    bea.post(f"/account/sessions/{own_id(phone)}/revocation", status=303)

    answer = bea.post("/account/sessions/revocations", chosen, status=303)

    assert "1 session ended; 1 had already ended." in answer.follow().text


@pytest.mark.standard("S-064")
def test_foreign_unknown_and_malformed_ids_get_one_and_the_same_answer(bea, ann, world):
    foreign = own_id(ann)
    unknown = "0" * 32

    answers = [
        bea.post(f"/account/sessions/{id_}/revocation", status=404) for id_ in (foreign, unknown)
    ]

    assert answers[0].text == answers[1].text
    for malformed in ("x", "A" * 32, "0" * 31, "0" * 33, "10" * 40, "..%2f..", "a%00b"):
        bea.post(f"/account/sessions/{malformed}/revocation", status="4*")
    assert ann.is_signed_in


@pytest.mark.parametrize("which", ["", "everyone", "selected"])
def test_a_form_that_says_nothing_sensible_comes_back_with_an_alert(bea, phone, which):
    page = bea.post("/account/sessions/revocations", {"which": which}, status=400)

    assert page.html.find(role="alert") is not None
    assert len(page.html.find_all(attrs={"data-session-id": True})) == 2
    assert phone.is_signed_in


def test_what_ended_last_is_listed_first_however_old(bea, phone, browser, clock):
    for _ in range(21):
        clock.advance(seconds=1)
        other = browser()
        other.sign_in("bea")
        other.sign_out()
    clock.advance(seconds=1)
    target = own_id(phone)
    bea.post(f"/account/sessions/{target}/revocation", status=303)

    assert bea.session_ids("ended")[0] == target


def test_a_lapsed_session_is_listed_as_ended_before_anyone_sweeps(bea, phone, clock):
    target = own_id(phone)
    clock.advance(days=4)
    bea.get("/account/sessions", status=200)
    clock.advance(days=4)

    assert bea.session_ids("ended") == [target]


def test_a_selection_of_more_than_the_page_lists_ends_nothing(bea, phone):
    chosen = [("id", own_id(phone))] * 201

    bea.post("/account/sessions/revocations", [("which", "selected"), *chosen], status=400)

    assert phone.is_signed_in


@pytest.mark.standard("S-103")
@pytest.mark.parametrize(
    "header",
    ["<script>alert(1)</script>/1.0", "{{7*7}}/1.0", '"><img onerror=x>/1.0', "x\u202ey/1.0"],
)
def test_a_hostile_user_agent_is_inert(world, browser, header):
    world.user("eve")
    # As servers hand on what they were sent: bytes, read as Latin-1.
    eve = browser(f"{header} Firefox/142.0".encode().decode("latin-1"))
    eve.sign_in("eve")

    page = eve.get("/account/sessions", status=200)

    (device,) = page.html.select('tr[data-current] th[scope="row"]')
    assert set(device.get_text(strip=True)) <= set(ascii_letters + digits + " ._+()-")
    for mark in ("alert", "<img", "onerror", "{{", "7*7", "\u202e"):
        assert mark not in page.html.main.decode()


@pytest.mark.standard("S-050")
@pytest.mark.parametrize("how", ["sql", "system"])
def test_disabling_someone_ends_everything_at_once_and_enabling_revives_nothing(
    bea, phone, world, clock, how
):
    from govapp import users
    from govapp.models import User
    from govapp.policy import Limits
    from tests.support.world import SYSTEM

    user_id = world.sessions()[0].user_id
    with world.db() as db:
        user = db.get_one(User, user_id)
        if how == "sql":
            user.active = False
        else:
            world_keystone(world)
            users.disable(
                db, user, own_id=None, actor=SYSTEM, now=clock(), limits=Limits(604_800, 2_592_000)
            )

    assert not bea.is_signed_in
    assert not phone.is_signed_in
    with world.db() as db:
        user = db.get_one(User, user_id)
        if how == "sql":
            # Nobody had told govapp: the refusals above wrote it down.
            user.active = True
        else:
            users.enable(db, user, actor=SYSTEM, now=clock())
    assert {row.end_reason for row in world.sessions()} == {"user-disabled"}
    assert not bea.is_signed_in and not phone.is_signed_in


@pytest.mark.standard("S-050")
def test_enabling_somebody_whom_sql_disabled_revives_nothing_either(bea, world, clock):
    """Also if no request came meanwhile, which would have written the end down."""
    from govapp import users
    from govapp.models import User
    from tests.support.world import SYSTEM

    user_id = world.sessions()[0].user_id
    with world.db() as db:
        db.get_one(User, user_id).active = False
    with world.db() as db:
        users.enable(db, db.get_one(User, user_id), actor=SYSTEM, now=clock())

    assert not bea.is_signed_in


@pytest.mark.standard("S-130")
def test_the_page_says_what_is_kept_and_how_long(bea):
    told = " ".join(bea.get("/account/sessions", status=200).html.footer.get_text().split())

    assert "device, network address and times" in told
    assert "30 days after it ended" in told and "audit trail for 180 days" in told


def world_keystone(world):
    world.user("root", "admins")


def test_a_head_request_takes_no_message_away(bea, phone):
    bea.post(f"/account/sessions/{own_id(phone)}/revocation", status=303)

    bea.test_app.head("/account/sessions")

    assert "is signed out." in bea.get("/account/sessions").text
