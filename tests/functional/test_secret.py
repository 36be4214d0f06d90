"""The secret of a session: accepted from its cookie alone, in its one form, and kept nowhere."""

import base64

import pytest

from govapp.models import Base
from tests.support.statements import counted


@pytest.mark.standard("S-006")
@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/account/sessions?govapp={secret}", {}),
        ("/account/sessions?sid={secret}", {}),
        ("/account/sessions", {"Authorization": "Bearer {secret}"}),
        ("/account/sessions", {"X-Session-Id": "{secret}"}),
        ("/account/sessions", {"govapp": "{secret}"}),
        ("/account/sessions", {"Cookie": "sid={secret}"}),
        ("/account/sessions", {"Cookie": "govapp-visit={secret}"}),
    ],
)
def test_the_secret_counts_only_in_the_cookie(world, browser, address, headers):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    sent = {name: text.format(secret=bea.cookie) for name, text in headers.items()}

    answer = browser().get(address.format(secret=bea.cookie), headers=sent, status=303)

    assert "/sign-in" in answer.location
    browser().get(f"/account/sessions;govapp={bea.cookie}", status=404)


@pytest.mark.standard("S-006")
def test_the_secret_in_a_form_signs_nobody_in(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    fields = {"which": "all", "govapp": bea.cookie, "csrf_token": bea.csrf_token()}

    answer = browser().post("/account/sessions/revocations", fields, csrf=False, status=303)

    assert "/sign-in" in answer.location
    assert bea.is_signed_in


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
    with counted() as sent:
        answer = browser().test_app.get(
            "/account/sessions", headers={"Cookie": f"govapp={value}".encode().decode("latin-1")}
        )

    assert answer.status_int in {303, 400}
    assert sent == []


@pytest.mark.standard("S-007")
def test_two_cookies_of_the_name_count_as_none(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    header = f"govapp={bea.cookie}; govapp={'A' * 43}"

    answer = browser().test_app.get("/account/sessions", headers={"Cookie": header})

    assert answer.status_int == 303


@pytest.mark.standard("S-003")
def test_the_secret_is_nowhere_in_the_database(world, browser):
    world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    secret = bea.cookie
    with world.db() as db:
        values = [
            value
            for table in Base.metadata.sorted_tables
            for row in db.execute(table.select())
            for value in row
        ]
    # Bytes as hexadecimal digits, in which each form of the secret is looked for too.
    dump = " ".join(v.hex() if isinstance(v, bytes) else repr(v) for v in values)

    for form in (secret.encode(), base64.urlsafe_b64decode(secret + "=")):
        assert form.hex() not in dump
    assert secret not in dump and world.sessions()[0].token_hash.hex() in dump
    row = world.sessions()[0]
    thief = browser()
    for stolen in (row.token_hash.hex(), base64.urlsafe_b64encode(row.token_hash).decode()[:43]):
        thief.cookie = stolen
        assert not thief.is_signed_in
