"""Forms that are not ours, or come from elsewhere (CSRF)."""

import pytest

from tests.support.world import PASSWORD


def end_others(person, status, **headers):
    return person.post(
        "/account/sessions/revocations", {"which": "others"}, status=status, headers=headers
    )


@pytest.mark.standard("S-076")
def test_signing_in_needs_a_form_of_ours(world, browser):
    world.user("bea")
    stranger, other = browser(), browser()
    right = {"login": "bea", "password": PASSWORD}
    token = other.csrf_token()

    stranger.post("/sign-in", right, csrf=False, status=400)
    stranger.post("/sign-in", right | {"csrf_token": token}, csrf=False, status=400)

    assert world.sessions() == []
    other.post("/sign-in", right | {"csrf_token": token}, csrf=False, status=303)


@pytest.mark.standard("S-072")
def test_a_token_is_long_and_only_the_session_s_own_counts(bea, browser, world):
    world.user("ann")
    ann = browser()
    ann.sign_in("ann")

    assert len(ann.csrf_token()) == 43
    bea.post("/sign-out", {"csrf_token": ann.csrf_token()}, csrf=False, status=400)
    assert bea.is_signed_in


@pytest.mark.standard("S-074")
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_the_browser_says_it_comes_from_elsewhere(bea, site, world):
    end_others(bea, 400, **{"Sec-Fetch-Site": site})

    (event,) = world.events("csrf_fail")
    assert event.actor_id == world.sessions()[0].user_id


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_browser_says_it_comes_from_here(bea, site):
    end_others(bea, 303, **{"Sec-Fetch-Site": site})


@pytest.mark.standard("S-073")
@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:9999", "null"])
def test_another_origin_is_refused_in_spite_of_the_right_token(bea, origin):
    end_others(bea, 400, Origin=origin)


def test_our_own_origin_passes(bea):
    end_others(bea, 303, Origin="http://localhost")


@pytest.mark.standard("S-071")
def test_a_protected_page_does_not_take_sign_in_fields(world, browser):
    world.user("bea")
    stranger = browser()

    stranger.post(
        "/account/sessions/revocations",
        {"login": "bea", "password": PASSWORD},
        csrf=False,
        status=303,
    )

    assert world.sessions() == []


@pytest.mark.standard("S-077")
@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "text/xml"])
@pytest.mark.parametrize("token_in", ["body", "header"])
def test_other_media_types_are_refused(bea, browser, content_type, token_in):
    """Forms of other sites can send text/plain, whose body may look like a form of ours."""
    other = browser()
    other.sign_in("bea")
    token, path = bea.csrf_token(), "/account/sessions/revocations"
    body = f"which=others&csrf_token={token}"
    headers = {"X-CSRF-Token": token} if token_in == "header" else {}

    bea.test_app.post(path, body, headers=headers, content_type=content_type, status=400)

    assert other.is_signed_in
    bea.test_app.post(path, body, status=303)
    assert not other.is_signed_in
