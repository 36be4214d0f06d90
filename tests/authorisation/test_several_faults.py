"""Of several faults the first in the contract's order of refusals is answered, on every route.

malformed path · not signed in · not there for you · not permitted · CSRF · not fresh · throttled ·
what the form says. Here on SQLite only: none of it depends on the database.
"""

import pytest

from tests.authorisation.asking import ask
from tests.authorisation.matrix import load

LINES = load().lines
CHANGES = [line for line in LINES if line.method == "POST"]
# What can be done, with a recent proof.
PROVEN = [line for line in LINES if line.needs == "fresh" and "done" in line.cells.values()]
on_sqlite = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
EVERYTHING = ("csrf", "conf", "form")


def is_first(line, said):
    """Tell whether this refusal comes before every fault of the request that can be made."""
    return said in {"sign", "403"} or (said == "404" and line.names_target)


def expected(line, who):
    """Yield each set of faults with what is to be answered."""
    said = line.cells[who]
    if is_first(line, said):
        yield EVERYTHING, said
        return
    if (line.path, said) == ("/sign-out", "goes"):
        # Without a session there is nothing to protect: signing out needs no token.
        yield ("csrf",), "goes"
        return
    yield ("csrf",), "csrf"
    yield ("foreign",), "csrf"
    yield EVERYTHING, "csrf"
    if line.needs == "fresh":
        yield ("conf",), "conf"
        yield ("conf", "form"), "conf"
    if line.sends != "-":
        yield ("form",), "404" if line.path == "/welcome" and said == "404" else "400"


@pytest.mark.standard("S-070")
@on_sqlite
@pytest.mark.parametrize("line", CHANGES, ids=map(str, CHANGES))
def test_the_first_of_several_faults_is_answered_and_nothing_changes(stage, matrix, line):
    wanted = {(who, faults): said for who in matrix.who for faults, said in expected(line, who)}

    answered = {
        (who, faults): ask(stage, matrix, line, who, faults=faults).said for who, faults in wanted
    }

    assert answered == wanted


@on_sqlite
@pytest.mark.parametrize("line", LINES, ids=map(str, LINES))
def test_a_program_is_refused_in_json_without_a_page_to_go_to(stage, matrix, line):
    """Also where everything else is wrong with the request."""
    wanted = {who: said for who, said in line.cells.items() if is_first(line, said)}

    answers = {who: ask(stage, matrix, line, who, faults=EVERYTHING, json=True) for who in wanted}

    assert {who: answer.said for who, answer in answers.items()} == {
        who: "401" if said == "sign" else said for who, said in wanted.items()
    }
    for answer in answers.values():
        assert answer.response.content_type == "application/json"
        assert set(answer.response.json) == {"error", "message"}


@on_sqlite
@pytest.mark.parametrize("line", PROVEN, ids=map(str, PROVEN))
def test_a_program_whose_proof_is_too_old_is_told_so_in_json(stage, matrix, line):
    for who in [who for who, said in line.cells.items() if said == "done"]:
        answer = ask(stage, matrix, line, who, faults=("conf",), json=True)
        assert (answer.said, answer.response.json["error"]) == ("403", "Confirmation needed")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_guess_that_comes_too_soon_is_refused_before_its_form_is_read(world, browser):
    """And after the token: another site cannot use up the guesses of the person at a browser."""
    world.user("bea")
    bea = browser()
    for _ in range(4):
        bea.sign_in("bea", "wrong", status=400)

    for _ in range(10):
        bea.post("/sign-in", {"login": "bea", "password": "wrong"}, csrf=False, status=400)
    bea.sign_in("bea", "wrong", status=400)

    bea.post("/sign-in", {"login": "bea"}, status=429)
    bea.post("/sign-in", {"login": "bea"}, csrf=False, status=400)
