"""The authorisation matrix: complete, and true of every cell, on both databases."""

import pytest

import govapp
from govapp.cli.groups import STANDARD_GROUPS
from govapp.policy import Permission
from tests.authorisation.asking import ask
from tests.authorisation.matrix import FILE, TARGETS, load, served
from tests.support.settings import settings_for

LINES = load().lines


@pytest.mark.standard("S-055")
@pytest.mark.standard("S-056")
@pytest.mark.standard("S-058")
@pytest.mark.standard("S-059")
@pytest.mark.standard("S-063")
@pytest.mark.standard("S-075")
@pytest.mark.standard("S-085")
@pytest.mark.parametrize("line", LINES, ids=map(str, LINES))
def test_everybody_is_answered_as_the_matrix_says(stage, matrix, line):
    """Who is refused changes nothing, and is recorded by name; who is not, changes something."""
    answers = {who: ask(stage, matrix, line, who) for who in matrix.who}

    assert {who: answer.said for who, answer in answers.items()} == line.cells
    recorded = {
        who: answer.refusals
        for who, answer in answers.items()
        if stage.people[who].user_id and answer.said != "400"
    }
    assert recorded == {who: refusals_of(stage, line, who) for who in recorded}


def refusals_of(stage, line, who):
    """What the audit trail is to say of this cell."""
    names_nothing = (line.target == "malformed" and line.names_target) or "*" in line.path
    if line.cells[who] not in {"403", "404"} or names_nothing:
        return []
    event = "authn_link_refused" if line.path == "/welcome" else "authz_fail"
    return [(event, stage.people[who].user_id)]


# ---------------------------------------------------------------- complete


@pytest.fixture
def configured():
    """Return the application's configuration, to be extended; nothing here asks a database."""
    config = govapp.configure(settings_for())
    config.commit()
    return config


def missing(config, lines):
    """Return what is served and not in the matrix, and what is in the matrix and not served."""
    found = {(each.method, each.path) for each in served(config.introspector)}
    return found ^ {(line.method, line.path) for line in lines}


@pytest.mark.standard("S-055")
def test_every_route_and_method_is_in_the_matrix_and_no_other(configured, matrix):
    assert missing(configured, matrix.lines) == set()


@pytest.mark.standard("S-055")
def test_a_route_or_a_method_that_the_matrix_forgot_is_noticed(configured, matrix):
    without = [line for line in matrix.lines if (line.method, line.path) != ("GET", "/admin")]

    assert missing(configured, without) == {("GET", "/admin")}
    configured.add_route("new", "/new/{id:[0-9a-f]{32}}")
    configured.add_view(lambda request: None, route_name="new")
    configured.add_view(lambda request: None, route_name="confirm", request_method="PUT")
    configured.commit()
    assert missing(configured, matrix.lines) == {("any", "/new/{id}"), ("PUT", "/confirm")}


@pytest.mark.standard("S-055")
@pytest.mark.standard("S-056")
def test_every_permission_alone_and_every_standard_group_has_a_column(matrix):
    wanted = {f"{permission} over everyone" for permission in Permission}
    wanted |= {f"member of {group}" for group in STANDARD_GROUPS}

    assert wanted | {"nobody", "every permission over customers"} == set(matrix.who.values())


@pytest.mark.standard("S-055")
def test_every_path_that_names_somebody_is_tried_with_everybody(matrix):
    tried = {}
    for line in matrix.lines:
        tried.setdefault((line.method, line.path), set()).add(line.target)

    for (method, path), targets in tried.items():
        if "{id}" in path or "{name}" in path:
            assert targets >= TARGETS | ({"own"} if "{id}" in path else set()), (method, path)


@pytest.mark.parametrize(
    ("part", "instead", "problem"),
    [
        ('cust = "member', 'else = "member', "the head of the matrix"),
        ("goes goes", "goes", "20 words under 21"),
        ("GET    /admin/audit", "GET /admin/audit more", "22 words under 21"),
        ("sign 403", "sign 418", "not explained"),
        ("fresh reason", "fresh nothing", "not explained"),
        ("token password", "maybe password", "not explained"),
    ],
)
def test_a_matrix_that_does_not_add_up_is_refused(part, instead, problem):
    text = FILE.read_text("utf-8")
    assert part in text

    with pytest.raises(ValueError, match=problem):
        load(text.replace(part, instead, 1))
