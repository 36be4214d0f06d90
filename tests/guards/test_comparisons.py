"""Secrets are compared in constant time, or looked up by their digest; never with ``==``."""

import ast
import re

import pytest

from tests.guards.source import modules

# What a variable, an attribute, a function or a form field that holds a secret is called. A
# digest is none: it is found by an index, and who knows it cannot make a cookie of it.
SECRET = re.compile(r"(?:^|_)(?:token|secret|csrf|signature|sealed|password)$")


def names(node):
    """Return the names in an expression, and the fields that it reads: ``form["token"]``."""
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
            found.add(str(part.slice.value))
    return found


def is_about_size_or_absence(node):
    """Tell whether an operand says nothing of the secret itself: its length, or None."""
    is_length = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len"
    return is_length or (isinstance(node, ast.Constant) and node.value is None)


def compared(tree):
    """Return every comparison that stops at the first character that differs."""
    short_circuit = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    return {
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and any(isinstance(op, short_circuit) for op in node.ops)
        for operand in (node.left, *node.comparators)
        if not is_about_size_or_absence(operand) and any(map(SECRET.search, names(operand)))
    }


def constant_time(tree):
    """Return the functions that compare in constant time."""
    return {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and node.attr == "compare_digest"
    }


# Looks at start-up whether a secret of the ini is the sample that everyone can read.
NOBODY_WAITS = {"govapp.dangers"}


@pytest.mark.standard("S-004")
def test_no_secret_is_compared_character_by_character():
    found = {name: compared(tree) for name, tree in modules().items() if name not in NOBODY_WAITS}

    assert {name: what for name, what in found.items() if what} == {}


@pytest.mark.standard("S-004")
@pytest.mark.standard("S-072")
def test_what_a_client_sends_is_checked_in_constant_time():
    found = {name: constant_time(tree) for name, tree in modules().items()}

    assert {name: functions for name, functions in found.items() if functions} == {
        "govapp.sessions.csrf": {"check_csrf_token"},
        "govapp.sessions.visit": {"unseal"},
        "govapp.admin.seal": {"unseal"},
    }


@pytest.mark.parametrize(
    "line",
    [
        "token == sent",
        "request.POST['csrf_token'] != expected",
        "session.get_csrf_token() == sent",
        "expected.encode() == supplied_token.encode()",
        "sent in (row.csrf_token, previous)",
        "_signature(body, secret) == sent",
    ],
)
def test_the_guard_sees_a_comparison(line):
    assert compared(ast.parse(line))


@pytest.mark.parametrize(
    "line",
    [
        "token is None",
        "len(token) == 43",
        "Session.token_hash == digest",
        "hmac.compare_digest(token, sent)",
        "None == token_hash",
    ],
)
def test_the_guard_lets_other_questions_be(line):
    assert compared(ast.parse(line)) == set()
