"""Imports flow downward, pages know nothing of each other, and some things are never imported."""

import ast

import pytest

from tests.guards.source import ROOT, imports, modules

PURE, TABLES, QUERIES, WEB_CORE, PAGES, WIRING = range(6)
# The deepest name that fits decides; a new module is added where it belongs.
LAYERS = {
    "govapp.devices": PURE,
    "govapp.filters": PURE,
    "govapp.network": PURE,
    "govapp.passwords": PURE,
    "govapp.paths": PURE,
    "govapp.policy": PURE,
    "govapp.settings": PURE,
    "govapp.dangers": PURE,
    "govapp.sessions.tokens": PURE,
    "govapp.sessions.visit": PURE,
    "govapp.models": TABLES,
    "govapp.audit": QUERIES,
    "govapp.powers": QUERIES,
    "govapp.giving": QUERIES,
    "govapp.retention": QUERIES,
    "govapp.scoping": QUERIES,
    "govapp.sessions.store": QUERIES,
    "govapp.sessions.ending": QUERIES,
    "govapp.throttle": QUERIES,
    "govapp.upsert": QUERIES,
    "govapp.users": QUERIES,
    "govapp.attempts": WEB_CORE,
    "govapp.returning": WEB_CORE,
    "govapp.db": WEB_CORE,
    "govapp.errors": WEB_CORE,
    "govapp.facts": WEB_CORE,
    "govapp.forms": WEB_CORE,
    "govapp.freshness": WEB_CORE,
    "govapp.resources": WEB_CORE,
    "govapp.security": WEB_CORE,
    "govapp.sessions": WEB_CORE,
    "govapp.account": PAGES,
    "govapp.admin": PAGES,
    "govapp.signin": PAGES,
    "govapp.ui": PAGES,
    "govapp": WIRING,
    "govapp.cli": WIRING,
    "govapp.demonstration": WIRING,
    "govapp.logs": WIRING,
    "govapp.startup": WIRING,
}
PACKAGES = ("govapp.account", "govapp.admin", "govapp.cli", "govapp.demonstration",
            "govapp.models", "govapp.sessions", "govapp.signin", "govapp.ui")  # fmt: skip
WEB = {"pyramid", "pyramid_tm", "pyramid_jinja2", "webob", "transaction", "zope", "jinja2"}
NEVER = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "subprocess"}
# Where the present is asked for; everything else is told the time.
CLOCKS = {"govapp.facts", "govapp.sessions.store"}


def entry(name):
    """Return the entry of LAYERS that a module belongs to: its own, or that of its package."""
    if name in LAYERS:
        return name
    return next((package for package in PACKAGES if name.startswith(package + ".")), None)


def used(tree):
    """Return the modules of govapp that a module imports, or imports something from."""
    known = modules()
    names = {name for name in imports(tree) if name.split(".")[0] == "govapp"}
    return {name if name in known else name.rpartition(".")[0] for name in names}


def offenders(offences, *, where=lambda name: True):
    """Return what each module does against a rule; a rule is kept if the answer is empty."""
    found = {name: offences(name, tree) for name, tree in modules().items() if where(name)}
    return {name: what for name, what in found.items() if what}


def layer(name):
    return LAYERS[entry(name)]


def tops(tree):
    return {imported.split(".")[0] for imported in imports(tree)}


def attributes(tree):
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_every_module_has_a_layer():
    new = {name for name in modules() if entry(name) is None}

    assert not new, "add these to LAYERS, where they belong"
    assert not {name for name in LAYERS if name not in modules()}


def test_imports_flow_downward():
    def upward(name, tree):
        return {other for other in used(tree) if layer(other) > layer(name)}

    assert offenders(upward) == {}


def test_pages_know_nothing_of_each_other():
    def other_pages(name, tree):
        return {
            other for other in used(tree) if layer(other) == PAGES and entry(other) != entry(name)
        }

    assert offenders(other_pages, where=lambda name: layer(name) == PAGES) == {}


def test_below_the_web_core_nothing_knows_the_web():
    assert offenders(lambda _, tree: tops(tree) & WEB, where=lambda n: layer(n) <= QUERIES) == {}


def test_pure_modules_know_no_database():
    databases = {"sqlalchemy", "psycopg", "sqlite3", "alembic"}

    assert offenders(lambda _, tree: tops(tree) & databases, where=lambda n: layer(n) == PURE) == {}


def test_nothing_is_imported_inside_a_function():
    """To break a cycle that way hides it."""

    def inner(name, tree):
        functions = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        return {
            f"line {node.lineno}"
            for function in functions
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }

    assert offenders(inner) == {}


@pytest.mark.standard("S-008")
def test_nothing_is_unpickled_or_evaluated():
    def unpickled(name, tree):
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        return tops(tree) & NEVER | called & {"eval", "exec", "compile", "__import__"}

    assert offenders(unpickled) == {}


@pytest.mark.standard("S-001")
def test_randomness_comes_from_secrets_only():
    sources = {"uuid1", "uuid3", "uuid4", "uuid5", "urandom", "getrandom"}

    def other_randomness(name, tree):
        return tops(tree) & {"random"} | attributes(tree) & sources

    # The demonstration draws an invented history with a seed; its passwords are not drawn so.
    assert offenders(other_randomness, where=lambda n: entry(n) != "govapp.demonstration") == {}


def test_the_time_is_passed_in():
    asks = {("datetime", "now"), ("datetime", "today"), ("datetime", "utcnow"),
            ("date", "today"), ("time", "time"), ("time", "time_ns")}  # fmt: skip

    def asked(name, tree):
        return {
            f"line {node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) in asks
        }

    assert offenders(asked, where=lambda name: entry(name) not in CLOCKS) == {}


@pytest.mark.standard("S-133")
@pytest.mark.standard("S-069")
def test_nobody_asks_webob_who_the_client_is_or_mixes_query_and_body():
    never = {"client_addr", "remote_addr", "params"}

    assert offenders(lambda _, tree: attributes(tree) & never) == {}


def test_the_folder_of_migrations_is_no_package():
    """Or it would shadow the Alembic library for everything run from the root."""
    assert not list((ROOT / "alembic").rglob("__init__.py"))
