"""No page and no answer gives away what signs in, numbers rows or was to be masked: on SQLite."""

import base64
import re

import pytest

from govapp.models import OneTimeLink, Session, User
from tests.authorisation.asking import ask
from tests.authorisation.matrix import load
from tests.authorisation.stage import ADDRESS, FIRST_ROW

GRANTED = {"200", "goes", "done"}
LINES = [
    line
    for line in load().lines
    if line.path.startswith(("/admin", "/account")) and GRANTED & set(line.cells.values())
]
FOR_STAFF = [line for line in LINES if line.path.startswith("/admin")]
PAGES = [line for line in FOR_STAFF if "200" in line.cells.values()]
on_sqlite = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
# Ids that may be shown look like digests; without them no eight digits are alike by chance.
PUBLIC_ID = re.compile(r"\b[0-9a-f]{32}\b")
ROW_NUMBER = re.compile(rf"{FIRST_ROW // 10_000}\d{{4}}")


@pytest.fixture(scope="module")
def secrets(stage):
    """Return what nobody is shown: secrets and their digests, to eight characters, and hashes."""
    with stage.world.db() as db:
        digests = [*db.scalars(db.query(Session.token_hash).statement)]
        digests += db.scalars(db.query(OneTimeLink.token_hash).statement)
        found = set(db.scalars(db.query(User.password_hash).statement))
    for digest in digests:
        found |= {digest.hex()[:8], base64.urlsafe_b64encode(digest).decode()[:8]}
    found |= {person.cookie.partition("=")[2] for person in stage.people.values()}
    return found | {stage.link}


def shown(response):
    """Everything in an answer that is not one of the ids which pages may show."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return PUBLIC_ID.sub("", f"{headers}\n{response.text}")


@pytest.mark.standard("S-043")
@pytest.mark.standard("S-059")
@on_sqlite
@pytest.mark.parametrize("line", LINES, ids=map(str, LINES))
def test_no_answer_shows_a_secret_a_digest_or_a_row_number(stage, matrix, secrets, line):
    """Also where a form is shown again because it was empty."""
    tokens = {who: person.csrf for who, person in stage.people.items()}
    for who in [who for who, said in line.cells.items() if said in GRANTED]:
        for faults in [(), ("form",)] if line.sends != "-" else [()]:
            text = shown(ask(stage, matrix, line, who, faults=faults).response)

            foreign = {token for other, token in tokens.items() if other != who}
            assert [each for each in secrets | foreign if each in text] == []
            assert ROW_NUMBER.search(text) is None


@pytest.mark.standard("S-059")
@on_sqlite
@pytest.mark.parametrize("line", FOR_STAFF, ids=map(str, FOR_STAFF))
def test_nothing_that_staff_do_signs_them_in_as_anybody(stage, matrix, line):
    for who in [who for who, said in line.cells.items() if said in GRANTED]:
        cookies = ask(stage, matrix, line, who).response.headers.getall("Set-Cookie")

        assert [c for c in cookies if re.match(r"(__Host-)?govapp=[^;]", c)] == []


def sees(holds):
    """Over whom somebody of this column holds pii:view: "*", a group, or nobody."""
    if holds in {"member of admins", "member of security", "pii:view over everyone"}:
        return "*"
    return "customers" if holds == "every permission over customers" else None


@pytest.mark.standard("S-056")
@on_sqlite
@pytest.mark.parametrize("line", PAGES, ids=map(str, PAGES))
def test_only_who_may_see_personal_data_is_shown_addresses_and_logins(stage, matrix, line):
    of_customers = {stage.logins["customer"], stage.logins["stronger"], ADDRESS}
    of_customers.add(stage.people["cust"].login)
    others = {person.login for person in stage.people.values()} | {stage.logins["outsider"]}
    others -= of_customers
    for who in [who for who, said in line.cells.items() if said == "200"]:
        scope, own = sees(matrix.who[who]), stage.people[who].login
        text = ask(stage, matrix, line, who).response.text.lower()

        hidden = (set() if scope == "*" else others) | (set() if scope else of_customers)
        assert [each for each in hidden - {own, ""} if each in text] == []
        if (line.path, line.target) == ("/admin/users/{id}", "customer"):
            assert (stage.logins["customer"] in text) == bool(scope)
