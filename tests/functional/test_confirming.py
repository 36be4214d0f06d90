"""Changes need a recent proof of identity."""

import pytest

from tests.support.world import PASSWORD


@pytest.fixture
def other(world, browser, bea):
    phone = browser()
    phone.sign_in("bea")
    return phone


@pytest.mark.standard("S-038")
def test_without_a_recent_proof_a_change_leads_to_confirm_and_changes_nothing(
    bea, other, clock, world
):
    clock.advance(seconds=601)
    other_id = next(row.public_id.hex for row in world.sessions()[1:])

    answer = bea.post(
        f"/account/sessions/{other_id}/revocation",
        headers={"Referer": "http://localhost/account/sessions"},
        status=303,
    )

    assert answer.location == "http://localhost/confirm?next=%2Faccount%2Fsessions"
    assert all(row.ended_at is None for row in world.sessions())


@pytest.mark.standard("S-038")
def test_at_the_last_second_the_proof_still_serves(bea, other, clock, world):
    clock.advance(seconds=600)

    bea.post("/account/sessions/revocations", {"which": "others"}, status=303)

    assert [row.end_reason for row in world.sessions()] == [None, "ended-by-owner"]


@pytest.mark.standard("S-038")
def test_after_confirming_the_button_works(bea, other, clock, world):
    clock.advance(seconds=601)
    bea.post("/account/sessions/revocations", {"which": "others"}, status=303)

    answer = bea.post("/confirm", {"password": PASSWORD, "next": "/account/sessions"}, status=303)
    assert answer.location == "http://localhost/account/sessions"
    assert world.sessions()[1].ended_at is None

    bea.post("/account/sessions/revocations", {"which": "others"}, status=303)
    assert world.sessions()[1].end_reason == "ended-by-owner"


@pytest.mark.standard("S-029")
def test_confirming_gives_a_new_secret_and_keeps_the_public_id(bea, clock, world, browser):
    before, secret = world.sessions()[0], bea.cookie

    bea.confirm()

    after = world.sessions()[0]
    assert bea.cookie != secret
    assert (after.id, after.public_id) == (before.id, before.public_id)
    clock.advance(seconds=11)
    thief = browser()
    thief.cookie = secret
    assert not thief.is_signed_in


@pytest.mark.standard("S-032")
def test_the_old_secret_serves_requests_under_way_for_some_seconds(bea, clock, browser):
    tab = browser()
    tab.cookie = bea.cookie
    bea.confirm()

    clock.advance(seconds=10)
    assert tab.is_signed_in
    assert bea.is_signed_in


@pytest.mark.standard("S-032")
def test_the_old_secret_used_later_ends_the_session_and_is_recorded(bea, clock, browser, world):
    thief = browser()
    thief.cookie = bea.cookie
    bea.confirm()

    clock.advance(seconds=11)
    assert not thief.is_signed_in

    assert not bea.is_signed_in
    assert world.sessions()[0].end_reason == "token-reused"
    assert len(world.events("authn_token_reuse")) == 1


def test_a_wrong_password_does_not_confirm(bea, world):
    page = bea.confirm("not the password", status=400)

    assert 'role="alert"' in page.text
    assert "not the password" not in page.text
    assert [event.outcome for event in world.events("authn_confirm_fail")] == ["refused"]


@pytest.mark.standard("S-039")
def test_five_wrong_passwords_end_the_session(bea, world):
    for _ in range(4):
        bea.confirm("not the password", status=400)
    answer = bea.confirm("not the password", status=303)

    assert answer.location.endswith("/sign-in")
    assert world.sessions()[0].end_reason == "confirm-failed"
    assert "too many wrong passwords" in bea.get("/sign-in").text
    assert len(world.events("authn_confirm_fail_max")) == 1


@pytest.mark.standard("S-039")
def test_anothers_password_does_not_confirm(bea, world):
    with world.db() as db:
        from govapp import users

        users.create(
            db,
            "ann",
            "Ann",
            password_hash=world.app.registry["govapp.hasher"].hash("the password of ann"),
            actor=world_actor(),
            now=world.clock(),
        )

    bea.confirm("the password of ann", status=400)


def world_actor():
    from tests.support.world import SYSTEM

    return SYSTEM


@pytest.mark.standard("S-032")
def test_two_confirmations_with_one_secret_are_no_theft(bea, browser, clock, world):
    """A double click: whichever answer the browser keeps, it stays signed in."""
    tab = browser()
    tab.cookie = bea.cookie
    token = bea.csrf_token()
    bea.confirm()
    tab.post("/confirm", {"password": PASSWORD, "csrf_token": token}, csrf=False, status=303)

    clock.advance(seconds=11)

    assert bea.is_signed_in
    assert world.events("authn_token_reuse") == []
