"""Signing in and out, as a person and as an attacker."""

import re

import pytest

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
    world.user("bea")
    disabled = world.user("dan")
    with world.db() as db:
        db.get_one(type(world.get_user(disabled)), disabled).active = False
    hasher = app.registry["govapp.hasher"]
    hashes = []
    hasher._argon2 = CountingHasher(hasher._argon2, hashes)

    def answer(login, password):
        hashes.clear()
        page = browser().post("/sign-in", {"login": login, "password": password}, status=400)
        text = re.sub(r'name="csrf_token" value="[^"]+"', "", page.text).replace(login, "LOGIN")
        return text, len(hashes), sorted(page.headers.keys())

    answers = [answer("bea", "wrong"), answer("nobody", PASSWORD), answer("dan", PASSWORD)]

    assert answers[0] == answers[1] == answers[2]
    assert answers[0][1] == 1
    assert 'role="alert"' in answers[0][0]


def test_a_failed_sign_in_shows_the_login_again_and_never_the_password(world, browser):
    page = browser().post("/sign-in", {"login": "bea", "password": "typed-secret"}, status=400)

    assert page.form["login"].value == "bea"
    assert "typed-secret" not in page.text


@pytest.mark.standard("S-019")
def test_credentials_in_the_address_sign_nobody_in(world, browser):
    world.user("bea")
    bea = browser()

    bea.get(f"/sign-in?login=bea&password={PASSWORD.replace(' ', '+')}", status=200)

    assert not bea.is_signed_in


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


def test_signing_out_twice_is_no_error(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    bea.sign_out()

    assert bea.post("/sign-out", csrf=False, status=303).location.endswith("/sign-in")


def test_signing_out_needs_a_form_of_ours(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")

    bea.get("/sign-out", status=404)
    bea.post("/sign-out", csrf=False, status=400)

    assert bea.is_signed_in


@pytest.mark.standard("S-006")
@pytest.mark.parametrize("where", ["query", "field", "bearer", "header"])
def test_the_secret_counts_only_in_the_cookie(world, browser, where):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    secret, thief = bea.cookie, browser()

    answer = {
        "query": lambda: thief.get(f"/account/sessions?govapp={secret}"),
        "field": lambda: thief.get("/account/sessions", headers={"X-Session-Id": secret}),
        "bearer": lambda: thief.get(
            "/account/sessions", headers={"Authorization": f"Bearer {secret}"}
        ),
        "header": lambda: thief.get("/account/sessions", headers={"govapp": secret}),
    }[where]()

    assert answer.status_int == 303


@pytest.mark.standard("S-005")
def test_a_secret_that_was_never_issued_is_not_adopted(world, browser):
    bea = browser()
    bea.cookie = "A" * 43

    answer = bea.get("/account/sessions", status=303)

    assert world.sessions() == []
    assert "A" * 43 not in answer.text + str(answer.headers)
    assert bea.cookie in {None, ""}


@pytest.mark.standard("S-007")
@pytest.mark.parametrize(
    "value", ["", "x" * 4000, "' OR 1=1--", "%00", "é" * 43, "A" * 42, "A" * 44]
)
def test_a_malformed_secret_never_reaches_the_database(world, browser, value):
    from tests.support.statements import counted

    with counted() as sent:
        answer = browser().test_app.get(
            "/account/sessions", headers={"Cookie": f"govapp={value}".encode().decode("latin-1")}
        )

    assert answer.status_int in {303, 400}
    assert sent == []


def test_two_cookies_of_the_name_count_as_none(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    header = f"govapp={bea.cookie}; govapp={'A' * 43}"

    answer = browser().test_app.get("/account/sessions", headers={"Cookie": header})

    assert answer.status_int == 303


def test_a_hash_of_old_parameters_is_renewed_at_sign_in(world, browser, app):
    from govapp.passwords import Hasher

    user = world.user("bea")
    old = world.get_user(user).password_hash
    app.registry["govapp.hasher"] = Hasher(memory_kib=16, iterations=1)

    browser().sign_in("bea")

    assert world.get_user(user).password_hash != old
    browser().sign_in("bea")


@pytest.mark.standard("S-003")
def test_the_secret_is_nowhere_in_the_database(world, browser):
    import base64

    from govapp.models import Base

    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    secret = bea.cookie
    with world.db() as db:
        dump = " ".join(
            repr(row) for table in Base.metadata.sorted_tables for row in db.execute(table.select())
        )

    assert secret not in dump
    assert base64.urlsafe_b64decode(secret + "=").hex() not in dump
    row = world.sessions()[0]
    thief = browser()
    for stolen in (row.token_hash.hex(), base64.urlsafe_b64encode(row.token_hash).decode()[:43]):
        thief.cookie = stolen
        assert not thief.is_signed_in


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
