"""Signing in and out, as a person and as an attacker."""

import logging
import re

import pytest

from govapp.models import User
from govapp.passwords import Hasher
from tests.support.statements import counted
from tests.support.world import PASSWORD


class CountingHasher:
    """Argon2 that notes each hash it computes."""

    def __init__(self, inner, hashes):
        self._inner, self._hashes = inner, hashes

    def verify(self, *args):
        self._hashes.append(1)
        return self._inner.verify(*args)


TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def test_signing_in_opens_my_sessions(world, browser):
    world.user("bea", "customers")
    bea = browser()

    bea.sign_in("bea")

    page = bea.get("/account/sessions", status=200)
    assert "Firefox on Linux" in page.text
    assert len(bea.session_ids()) == 1


@pytest.mark.parametrize("typed", ["BEA@Example.org", " bea@example.org "])
def test_a_login_may_be_an_address_and_is_compared_case_folded(world, browser, typed):
    world.user("Bea@example.org", name="Bea")
    bea = browser()

    bea.sign_in(typed)

    assert bea.is_signed_in


@pytest.mark.standard("S-028")
def test_signing_in_issues_a_new_secret_each_time(world, browser):
    user = world.user("bea")
    secrets = set()
    for _ in range(5):
        bea = browser()
        bea.sign_in("bea")
        secrets.add(bea.cookie)

    assert len(secrets) == 5
    assert all(TOKEN.fullmatch(secret) for secret in secrets)
    assert len(world.sessions(user)) == 5


@pytest.mark.standard("S-031")
def test_signing_in_as_another_ends_the_earlier_session(world, browser):
    ann, bea = world.user("ann"), world.user("bea")
    shared = browser()
    shared.sign_in("ann")
    anns_secret = shared.cookie

    shared.sign_in("bea")

    assert world.only_session(ann).end_reason == "replaced"
    assert world.only_session(bea).ended_at is None
    replay = browser()
    replay.cookie = anns_secret
    assert not replay.is_signed_in


@pytest.mark.standard("S-030")
def test_nothing_planted_before_crosses_the_sign_in(world, browser):
    world.user("bea")
    bea = browser()
    planted = bea.csrf_token()

    bea.sign_in("bea")

    assert "govapp-visit" not in bea.test_app.cookies
    bea.post("/confirm", {"csrf_token": planted, "password": PASSWORD}, csrf=False, status=400)


@pytest.mark.standard("S-020")
def test_unknown_wrong_and_disabled_look_alike(world, browser, app):
    """One hash and as many statements each: what is the same work takes the same time."""
    world.user("bea")
    disabled, invited = world.user("dan"), world.user("ida", password=False)
    with world.db() as db:
        db.get_one(User, disabled).active = False
    hasher = app.registry["govapp.hasher"]
    hashes = []
    hasher._argon2 = CountingHasher(hasher._argon2, hashes)

    def answer(login, password):
        person = browser()
        token = person.csrf_token()
        hashes.clear()
        fields = {"login": login, "password": password, "csrf_token": token}
        with counted() as sent:
            page = person.post("/sign-in", fields, csrf=False, status=400)
        text = re.sub(r'name="csrf_token" value="[^"]+"', "", page.text).replace(login, "LOGIN")
        headers = {name: page.headers[name] for name in page.headers if name != "Content-Length"}
        return text, headers, len(hashes), sent

    wrong, *others = [
        answer("bea", "wrong"),
        answer("nobody", PASSWORD),
        answer("dan", PASSWORD),
        answer("ida", PASSWORD),
    ]

    assert others == [wrong] * 3
    assert 'role="alert"' in wrong[0]
    assert wrong[2] == 1
    assert invited not in {row.user_id for row in world.sessions()}


def test_a_failed_sign_in_shows_the_login_again_and_never_the_password(world, browser):
    page = browser().post("/sign-in", {"login": "bea", "password": "typed-secret"}, status=400)

    assert page.form["login"].value == "bea"
    assert "typed-secret" not in page.text


@pytest.mark.standard("S-019")
def test_credentials_in_the_address_sign_nobody_in(world, browser, caplog):
    world.user("bea")
    bea = browser()
    caplog.set_level(logging.DEBUG)

    page = bea.get("/sign-in?login=bea&password=seven+lazy+otters+swim", status=200)

    assert page.form.method == "post" and page.form["login"].value == ""
    assert "otters" not in page.text and "otters" not in caplog.text
    assert not bea.is_signed_in
    bea.sign_in("bea")
    again = bea.get("/sign-in?login=bea&password=seven+lazy+otters+swim", status=303)
    assert again.location == "http://localhost/"


@pytest.mark.standard("S-021")
@pytest.mark.parametrize(
    "next_path",
    [
        "//evil",
        "https://evil",
        "/\\evil",
        "%2f%2fevil",
        "/\t/evil",
        "javascript:x",
        "/" + "a" * 5000,
    ],
)
def test_next_leads_nowhere_else(world, browser, next_path):
    world.user("bea")

    answer = browser().post(
        "/sign-in", {"login": "bea", "password": PASSWORD, "next": next_path}, status=303
    )

    assert answer.location == "http://localhost/"


def test_a_page_that_needs_signing_in_is_where_one_arrives_afterwards(world, browser):
    world.user("bea")
    bea = browser()

    first = bea.get("/account/password?x=1", status=303)
    form = bea.get(first.location).form
    form["login"], form["password"] = "bea", PASSWORD

    assert form.submit(status=303).location == "http://localhost/account/password?x=1"


@pytest.mark.standard("S-022")
def test_signing_out_ends_the_session_on_the_server(world, browser):
    user = world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    secret = bea.cookie

    answer = bea.sign_out()

    assert world.only_session(user).end_reason == "signed-out"
    cleared = next(c for c in answer.headers.getall("Set-Cookie") if c.startswith("govapp="))
    assert "Max-Age=0" in cleared and "HttpOnly" in cleared and "SameSite=Lax" in cleared
    bea.cookie = secret
    assert not bea.is_signed_in


def test_a_copied_secret_works_while_the_session_lives(world, browser):
    """What makes every replay in these tests mean something."""
    world.user("bea")
    bea, copy = browser(), browser()
    bea.sign_in("bea")

    copy.cookie = bea.cookie

    assert copy.is_signed_in


@pytest.mark.standard("S-025")
def test_signing_out_twice_is_no_error(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    bea.sign_out()

    assert bea.post("/sign-out", csrf=False, status=303).location.endswith("/sign-in")


@pytest.mark.standard("S-022")
def test_signing_out_needs_a_form_of_ours(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")

    bea.get("/sign-out", status=404)
    bea.post("/sign-out", csrf=False, status=400)

    assert bea.is_signed_in


@pytest.mark.standard("S-112")
def test_a_hash_of_old_parameters_is_renewed_at_sign_in(world, browser, app):
    user = world.user("bea")
    old = world.get_user(user).password_hash
    app.registry["govapp.hasher"] = Hasher(memory_kib=16, iterations=1)

    browser().sign_in("bea")

    assert world.get_user(user).password_hash != old
    browser().sign_in("bea")


@pytest.mark.parametrize(
    ("next_path", "arrives"),
    [
        ("/sign-out", "/"),
        ("/nowhere", "/"),
        ("/account/sessions/revocations", "/account/sessions"),
        (f"/account/sessions/{'0' * 32}/revocation", "/account/sessions"),
        (f"/admin/users/{'0' * 32}/revocation", f"/admin/users/{'0' * 32}"),
        ("/admin/sessions?state=ended", "/admin/sessions?state=ended"),
    ],
)
def test_one_comes_back_to_a_page_that_answers(world, browser, next_path, arrives):
    world.user("bea")

    answer = browser().post(
        "/sign-in", {"login": "bea", "password": PASSWORD, "next": next_path}, status=303
    )

    assert answer.location == f"http://localhost{arrives}"


@pytest.mark.standard("S-066")
def test_an_address_in_a_filter_is_not_carried_along(browser, world):
    answer = browser().get("/admin/sessions?user=alice@example.org", status=303)

    assert "alice" not in answer.location
