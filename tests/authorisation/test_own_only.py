"""Whatever a request names besides, a self-service action is about who sends it: on SQLite."""

import pytest

from tests.authorisation.asking import address, ask, headers_of, send
from tests.authorisation.matrix import load
from tests.support.statements import counted

# What is the requester's own business, and works for a customer.
OWN = [
    line
    for line in load().lines
    if line.path.startswith(("/account", "/confirm", "/sign-out"))
    and line.cells["cust"] in {"200", "done"}
]
each_own = pytest.mark.parametrize("line", OWN, ids=map(str, OWN))
on_sqlite = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


def naming(stage, victim):
    """Every way to name somebody else that a developer might have thought of."""
    user_id, session_id = stage.ids["users"][victim], stage.ids["sessions"][victim]
    names = ("user_id", "user", "uid", "owner", "subject", "actor", "account", "sub")
    return {
        **dict.fromkeys(names, user_id),
        **dict.fromkeys(("email", "login", "username", "for"), stage.logins[victim]),
        **dict.fromkeys(("session", "session_id", "sid", "public_id"), session_id),
    }


def about(rows, user_id):
    """The rows that name this person in any column."""
    return [row for found in rows.values() for row in found if user_id in row]


@pytest.mark.standard("S-065")
@on_sqlite
@each_own
@pytest.mark.parametrize("victim", ["customer", "stronger"])
def test_no_field_parameter_or_header_names_another(stage, matrix, line, victim):
    user_id = stage.ids["users"][victim]
    plain = ask(stage, matrix, line, "cust")

    answer = ask(stage, matrix, line, "cust", extra=naming(stage, victim))

    assert answer.said == plain.said == line.cells["cust"]
    assert about(answer.rows, user_id) == about(stage.arranged, user_id) != []
    if line.method == "GET":
        assert answer.response.text == plain.response.text


@pytest.mark.standard("S-063")
@on_sqlite
def test_a_session_is_looked_for_among_the_requesters_own(stage, matrix):
    """One query names both: nothing is loaded first and compared with its owner afterwards."""
    path = "/account/sessions/{id}/revocation"
    (line,) = [each for each in matrix.lines if (each.path, each.target) == (path, "customer")]
    fields = [("csrf_token", stage.people["cust"].csrf)]

    with counted() as sent:
        answer = send(
            stage, "POST", address(stage, line, "cust"), headers_of(stage, "cust"), fields
        )

    loading = [text for text in sent if "FROM govapp_session" in text and "public_id = ?" in text]
    assert answer.said == "404"
    assert len(loading) == 1 and "govapp_session.user_id = ?" in loading[0]
