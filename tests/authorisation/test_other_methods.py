"""What a route does not serve it refuses, and looking without a body is looking: on SQLite."""

import pytest

from tests.authorisation.asking import address, headers_of, send
from tests.authorisation.matrix import load

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]
# Of paths that name somebody, the line of another customer; of others, the first one.
LINES = {line.path: line for line in reversed(load().lines)} | {
    line.path: line for line in load().lines if line.target == "customer" and line.names_target
}
on_sqlite = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)
each_path = pytest.mark.parametrize("path", sorted(LINES))


def served(matrix, path):
    return {line.method for line in matrix.lines if line.path == path}


@on_sqlite
@each_path
@pytest.mark.parametrize("who", ["anon", "cust", "admn"])
def test_a_method_that_a_route_does_not_serve_does_nothing(stage, matrix, path, who):
    """Whoever asks, with the right token and a form that works elsewhere."""
    others = [method for method in METHODS if method not in served(matrix, path)]
    fields = [("csrf_token", stage.people[who].csrf), ("reason", "x"), ("which", "all")]

    answered = {
        method: send(
            stage,
            method,
            address(stage, LINES[path], who),
            headers_of(stage, who),
            None if method == "GET" else fields,
        ).said
        for method in others
    }

    assert answered == {method: refusal(method, path, who) for method in others}


def refusal(method, path, who):
    if method not in {"GET", "POST"}:
        return "405"
    # Of what names somebody, nobody learns more before they have said who they are.
    names_somebody = "{id}" in path or "{name}" in path
    return "sign" if who == "anon" and names_somebody else "404"


@pytest.mark.standard("S-075")
@on_sqlite
@each_path
@pytest.mark.parametrize("who", ["anon", "cust", "admn"])
def test_head_answers_like_get_without_a_body_and_changes_nothing(stage, path, who):
    where, headers = address(stage, LINES[path], who), headers_of(stage, who)

    got = send(stage, "GET", where, headers)
    asked = send(stage, "HEAD", where, headers)

    assert asked.said == got.said and "done" not in asked.said and "!" not in asked.said
    assert asked.response.body == b""
