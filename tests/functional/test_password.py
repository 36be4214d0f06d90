"""Changing one's own password, and setting the first one by a one-time link."""

import pytest

from govapp import users
from tests.functional.crawl import addresses
from tests.support.world import PASSWORD, SYSTEM

NEW = "eleven quiet herons glide"


@pytest.fixture
def phone(bea, browser):
    other = browser()
    other.sign_in("bea")
    return other


def change(person, current=PASSWORD, new=NEW, status=303, **more):
    return person.post("/account/password", {"current": current, "new": new, **more}, status=status)


@pytest.mark.standard("S-029")
@pytest.mark.standard("S-114")
def test_changing_gives_a_new_secret_at_once_without_grace(bea, browser):
    thief = browser()
    thief.cookie = bea.cookie

    change(bea)

    assert bea.is_signed_in
    assert not thief.is_signed_in


@pytest.mark.standard("S-114")
def test_the_new_password_signs_in_and_the_old_one_does_not(bea, browser):
    change(bea)

    browser().sign_in("bea", NEW, status=303)
    browser().sign_in("bea", PASSWORD, status=400)


EXACT = "  Ünseen Walrus 🦭 " + "Xy7-" * 27 + "end "
NEARLY = {
    "stripped": EXACT.strip(),
    "folded": EXACT.casefold(),
    "composed otherwise": EXACT.replace("Ü", "U\u0308"),
    "cut short": EXACT[:-1],
    "cut to 64": EXACT[:64],
}


@pytest.mark.standard("S-111")
@pytest.mark.parametrize("nearly", NEARLY.values(), ids=NEARLY)
def test_a_password_counts_exactly_as_it_was_typed(bea, browser, nearly):
    """Through every form that takes one; 128 characters, with blanks around and signs beyond."""
    assert len(EXACT) >= 128
    change(bea, new=EXACT)

    browser().sign_in("bea", nearly, status=400)
    bea.confirm(nearly, status=400)
    change(bea, current=nearly, status=400)
    browser().sign_in("bea", EXACT, status=303)
    bea.confirm(EXACT, status=303)
    change(bea, current=EXACT, new=PASSWORD)


@pytest.mark.standard("S-050")
@pytest.mark.standard("S-114")
@pytest.mark.parametrize(("field", "survives"), [({"end_others": "1"}, False), ({}, True)])
def test_one_chooses_whether_the_others_end(bea, phone, field, survives):
    change(bea, **field)

    assert phone.is_signed_in is survives
    assert bea.is_signed_in


@pytest.mark.standard("S-114")
def test_the_wrong_present_password_changes_nothing(bea, world):
    before = world.get_user(world.sessions()[0].user_id).password_hash

    page = change(bea, current="not the password", status=400)

    assert "This is not your present password." in page.text
    assert 'aria-invalid="true"' in page.text
    assert world.get_user(world.sessions()[0].user_id).password_hash == before


@pytest.mark.standard("S-113")
@pytest.mark.parametrize("weak", ["short", "passwordpassword", "govappgovapp1234", "x" * 1025])
def test_a_weak_password_is_refused_with_the_reason(bea, weak, browser):
    page = change(bea, new=weak, status=400)

    assert 'role="alert"' in page.text
    assert weak not in page.text
    browser().sign_in("bea", PASSWORD, status=303)


@pytest.mark.standard("S-039")
def test_guessing_the_present_password_ends_the_session(bea, world):
    for _ in range(4):
        change(bea, current="not the password", status=400)
    change(bea, current="not the password", status=303)

    assert not bea.is_signed_in
    assert world.sessions()[0].end_reason == "confirm-failed"


def test_a_weak_new_password_is_no_guess(bea):
    for _ in range(7):
        change(bea, new="short", status=400)

    change(bea)


@pytest.mark.standard("S-108")
def test_a_new_password_by_link_lets_the_owner_in_whoever_guessed(world, browser, clock):
    """Recovery is never blocked (S-108)."""
    user_id = world.user("bea")
    for _ in range(6):
        browser().sign_in("bea", "wrong guess", status="*")
    with world.db() as db:
        user = world.get_user(user_id)
        token = users.create_link(db, user, actor=SYSTEM, now=clock(), link_seconds=86_400)

    set_password(browser(), f"/welcome/{token}")

    browser().sign_in("bea", NEW, status=303)


@pytest.fixture
def link(world, clock):
    """The path of a one-time link for somebody without a password."""
    user_id = world.user("new", password=False)
    with world.db() as db:
        user = world.get_user(user_id)
        token = users.create_link(db, user, actor=SYSTEM, now=clock(), link_seconds=86_400)
    return f"/welcome/{token}"


def set_password(person, link, new=NEW, status=303):
    person.get(link, status=303).follow(status="*")
    return person.post("/welcome", {"new": new}, status=status)


@pytest.mark.standard("S-009")
@pytest.mark.standard("S-118")
def test_a_link_sets_the_first_password_and_signs_nobody_in(link, browser):
    new = browser()

    answer = set_password(new, link)

    assert "Your password is set." in answer.follow().text
    assert not new.is_signed_in
    new.sign_in("new", NEW)
    assert new.is_signed_in


def test_the_token_leaves_the_address_bar(link, browser):
    answer = browser().get(link, status=303)

    assert answer.location == "http://localhost/welcome"


@pytest.mark.standard("S-118")
def test_a_link_works_once(link, browser):
    set_password(browser(), link)

    again = browser()
    again.get(link, status=303).follow(status=404)


@pytest.mark.standard("S-118")
def test_a_link_is_too_old_after_its_time(link, browser, clock):
    clock.advance(seconds=86_400)

    browser().get(link, status=303).follow(status=404)


def test_a_weak_first_password_keeps_the_link(link, browser):
    new = browser()
    set_password(new, link, new="short", status=400)

    set_password(new, link)


def test_an_unknown_link_is_not_found_and_recorded(world, browser):
    browser().get("/welcome/" + "A" * 43, status=303).follow(status=404)

    assert len(world.events("authn_link_refused")) == 1


@pytest.mark.standard("S-111")
@pytest.mark.parametrize("nearly", NEARLY.values(), ids=NEARLY)
def test_the_first_password_too_counts_exactly_as_it_was_typed(link, browser, nearly):
    set_password(browser(), link, new=EXACT)

    browser().sign_in("new", nearly, status=400)
    browser().sign_in("new", EXACT, status=303)


@pytest.mark.standard("S-009")
def test_a_half_finished_welcome_signs_nobody_in(link, browser, app, world):
    new = browser()
    form = new.get(link, status=303).follow(status=200).form
    fields = {"which": "all", "csrf_token": form["csrf_token"].value}

    paths = addresses(app, session="0" * 32, user="0" * 32, group="admins")
    closed = [path for path in paths if path.startswith(("/account", "/admin", "/confirm"))]
    led = [new.get(path, status=[303, 404]).headers.get("Location") for path in closed]
    answer = new.post("/account/sessions/revocations", fields, csrf=False, status=303)

    # To addresses of forms there is nothing to get.
    assert len([to for to in led if to is not None]) >= 10
    assert all("/sign-in" in to for to in [*led, answer.location] if to is not None)
    assert world.sessions() == []


@pytest.mark.standard("S-050")
@pytest.mark.standard("S-118")
def test_setting_a_password_by_link_ends_every_session(world, bea, browser, clock):
    user = world.get_user(world.sessions()[0].user_id)
    with world.db() as db:
        token = users.create_link(db, user, actor=SYSTEM, now=clock(), link_seconds=86_400)

    set_password(browser(), f"/welcome/{token}")

    assert not bea.is_signed_in
    assert world.sessions()[0].end_reason == "password-changed"
