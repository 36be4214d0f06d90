"""What the application offers, read from its registry: closed by default, and CSRF on."""

import ast
import inspect

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

import govapp
from govapp import resources
from govapp.policy import Permission
from govapp.security import SIGNED_IN
from tests.guards.source import modules

# Whoever may open these, may: nobody has to be signed in.
PUBLIC = {
    "home",
    "sign-in",
    "sign-out",
    "welcome",
    "welcome-link",
    "healthz",
    "readyz",
    "__static/",
}
# Checks the token itself, where there is a session to protect.
WITHOUT_CSRF = {"sign-out"}
# Pages whose changes need no recent proof: they ask for the password themselves, or for none.
CHANGES_WITHOUT_FRESHNESS = {
    "sign-in",
    "sign-out",
    "welcome",
    "confirm",
    "account.password",
    # Finds, and changes nothing: a POST so that no address stands in a URL.
    "admin.users.search",
}


def views_of(config):
    """Return (introspectable, permission) of every view that a URL reaches."""
    return [
        (found["introspectable"], permission(found))
        for found in config.registry.introspector.get_category("views")
        if found["introspectable"]["route_name"] is not None
    ]


def permission(found):
    named = [r["value"] for r in found["related"] if r.category_name == "permissions"]
    return named[0] if named else None


@pytest.fixture(scope="module")
def offered():
    """The application's configuration; nothing here asks the database."""
    config = govapp.configure(
        {
            "sqlalchemy.url": "sqlite:///nowhere.sqlite",
            "govapp.env": "development",
            "govapp.base_url": "http://localhost",
            "govapp.secrets": "a-secret-for-tests-0123456789-abcdefghij",
            "govapp.argon2_memory_kib": "8",
        }
    )
    config.commit()
    return config


@pytest.fixture(scope="module")
def views(offered):
    return views_of(offered)


def methods(view):
    named = view["request_methods"]
    return {named} if isinstance(named, str) else set(named or {"GET", "POST"})


def name(view):
    return f"{view['route_name']} {sorted(methods(view))}"


@pytest.mark.standard("S-053")
def test_every_view_names_a_permission_or_is_public(views):
    assert {v["route_name"] for v, p in views if p == NO_PERMISSION_REQUIRED} == PUBLIC
    closed = {name(v): p for v, p in views if v["route_name"] not in PUBLIC}
    assert {n: p for n, p in closed.items() if p not in {SIGNED_IN, *Permission}} == {}


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

    assert routes == {view["route_name"] for view, _ in views}


@pytest.mark.standard("S-070")
def test_every_view_that_changes_something_keeps_csrf(offered, views):
    exempt = {v["route_name"] for v, _ in views if v["require_csrf"] not in {None, True}}
    (default,) = [
        found["introspectable"]
        for found in offered.registry.introspector.get_category("default csrf view options")
    ]

    assert exempt == WITHOUT_CSRF
    assert default["require_csrf"] is True
    assert set(default["safe_methods"]) <= {"GET", "HEAD", "OPTIONS", "TRACE"}


@pytest.mark.standard("S-038")
def test_every_change_needs_a_recent_proof(views):
    not_fresh = {
        v["route_name"]
        for v, p in views
        if "POST" in methods(v) and v["request_methods"] is not None and not v.get("fresh")
    }

    assert not_fresh == CHANGES_WITHOUT_FRESHNESS


def test_every_view_says_which_method_it_answers(views):
    """One without would answer a POST, too."""
    unsaid = {view["route_name"] for view, _ in views if view["request_methods"] is None}

    assert unsaid <= {"home", "healthz", "readyz", "__static/"}


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
    named = {v["route_name"]: p for v, p in views_of(app)}

    assert (named["forgot"], named["unknown"]) == (None, "anything:do")
    assert not {named["forgot"], named["unknown"]} & {SIGNED_IN, *Permission}
