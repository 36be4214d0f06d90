"""What the application offers, read from its registry: closed by default, and CSRF on.

What is public, and which change needs a recent proof, says tests/authorisation/matrix.toml.
"""

import ast
import inspect

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

import govapp
from govapp import resources
from govapp.policy import Permission
from govapp.security import SIGNED_IN
from tests.authorisation.matrix import load, served
from tests.guards.source import modules
from tests.support.settings import settings_for

LINES = load().lines
# Checks the token itself, where there is a session to protect.
WITHOUT_CSRF = {"/sign-out"}


@pytest.fixture(scope="module")
def offered():
    """The application's configuration; nothing here asks the database."""
    config = govapp.configure(settings_for())
    config.commit()
    return config


@pytest.fixture(scope="module")
def views(offered):
    return list(served(offered.introspector))


@pytest.mark.standard("S-053")
def test_every_view_names_a_permission_or_the_matrix_calls_it_public(views):
    # What answers somebody who is not signed in; a malformed address names no view.
    answering = [line for line in LINES if line.cells["anon"] != "sign"]
    public = {(line.method, line.path) for line in answering if line.target != "malformed"}
    closed = [found for found in views if (found.method, found.path) not in public]

    assert public == {(f.method, f.path) for f in views if f.permission == NO_PERMISSION_REQUIRED}
    assert [found for found in closed if found.permission not in {SIGNED_IN, *Permission}] == []


def test_every_view_has_a_route_of_its_own(offered):
    """A view without a route would answer under every address that traversal reaches."""
    reached = [
        found["introspectable"]
        for found in offered.registry.introspector.get_category("views")
        if found["introspectable"]["route_name"] is None
        and not found["introspectable"]["exception_only"]
    ]

    # Pyramid's own, for exceptions that are responses.
    assert {view["callable"].__name__ for view in reached} <= {"default_exceptionresponse_view"}


def test_every_route_has_a_view(offered, views):
    routes = {
        found["introspectable"]["name"]
        for found in offered.registry.introspector.get_category("routes")
    }

    assert routes == {found.view["route_name"] for found in views}


@pytest.mark.standard("S-070")
def test_every_view_that_changes_something_keeps_csrf(offered, views):
    exempt = {found.path for found in views if found.view["require_csrf"] not in {None, True}}
    (default,) = [
        found["introspectable"]
        for found in offered.registry.introspector.get_category("default csrf view options")
    ]

    assert exempt == WITHOUT_CSRF
    assert default["require_csrf"] is True
    assert set(default["safe_methods"]) <= {"GET", "HEAD", "OPTIONS", "TRACE"}


@pytest.mark.standard("S-038")
def test_every_change_needs_a_recent_proof_where_the_matrix_says_so(views):
    """The others ask for the password themselves, for none, or change nothing."""
    needs = {
        (found.method, found.path): "fresh" if found.view.get("fresh") else "token"
        for found in views
    }

    assert {(*key, needs[key] if key[0] == "POST" else "-") for key in needs} == {
        (line.method, line.path, line.needs) for line in LINES
    }


@pytest.mark.standard("S-066")
def test_no_address_can_stand_in_a_url(offered):
    patterns = [
        found["introspectable"]["pattern"]
        for found in offered.registry.introspector.get_category("routes")
    ]

    assert not [pattern for pattern in patterns if "mail" in pattern or "{login" in pattern]
    assert not [pattern for pattern in patterns if pattern.endswith("/") and pattern != "/"]


# ---------------------------------------------------------------- resources


def acls():
    return [
        (module, node.name, member)
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for member in node.body
        if "__acl__" in _names(member)
    ]


def _names(member):
    if isinstance(member, ast.FunctionDef):
        return {member.name}
    targets = getattr(member, "targets", [getattr(member, "target", None)])
    return {target.id for target in targets if isinstance(target, ast.Name)}


@pytest.mark.parametrize(
    "found", [pytest.param(found, id=f"{found[0]}.{found[1]}") for found in acls()]
)
def test_every_acl_is_a_method(found):
    """A bug in a property fails open: the parent's ACL would decide (Pyramid #3398)."""
    member = found[2]

    assert isinstance(member, ast.FunctionDef)
    assert not member.decorator_list


def test_every_resource_has_an_acl_and_explains_itself():
    named = [
        found
        for _, found in inspect.getmembers(resources, inspect.isclass)
        if found.__module__ == resources.__name__ and not found.__name__.startswith("_")
    ]

    assert named
    for resource in named:
        assert inspect.isfunction(resource.__acl__), resource
        assert inspect.isfunction(resource.decide), resource


# ---------------------------------------------------------------- a view that forgot


@pytest.fixture
def extend():
    """Adds a view that names no permission, and one that names a permission nobody has."""

    def add_views(config):
        for route_name, options in (("forgot", {}), ("unknown", {"permission": "anything:do"})):
            config.add_route(route_name, f"/{route_name}", factory=resources.Site)
            config.add_view(lambda request: Response("reached"), route_name=route_name, **options)

    return add_views


@pytest.mark.standard("S-053")
def test_a_view_that_forgot_its_permission_reaches_nobody(world, browser):
    world.user("ada", "admins")
    ada = browser()

    for path in ("/forgot", "/unknown"):
        assert ada.get(path).status_int == 303
    ada.sign_in("ada")

    ada.get("/admin", status=200)
    for path in ("/forgot", "/unknown"):
        assert "reached" not in ada.get(path, status=403).text


@pytest.mark.standard("S-053")
def test_the_guard_sees_a_view_that_forgot(app):
    named = {found.path: found.permission for found in served(app.registry.introspector)}

    assert (named["/forgot"], named["/unknown"]) == (None, "anything:do")
    assert not {named["/forgot"], named["/unknown"]} & {SIGNED_IN, *Permission}
