"""How rows are written: sessions narrowly and never back to life, and nothing unnoticed."""

import ast

import pytest

from govapp import models
from tests.guards.source import modules

# What tells how a session ended is written by one function, once.
ENDING = {"ended_at", "end_reason", "ended_by", "end_note"}
# Counters, which are written over; a session never is.
UPSERTED = {"Throttle", "AuditEvent"}
TOUCHED = {"last_seen_at", "idle_expires_at"}
# Where session rows are made.
MAKERS = {"govapp.sessions.store"}


def offenders(offences):
    """Return what each module does against a rule; a rule is kept if the answer is empty."""
    found = {name: offences(tree) for name, tree in modules().items()}
    return {name: what for name, what in found.items() if what}


def calls(tree, name):
    """Return the calls of a function or method of this name."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and name in {getattr(node.func, "id", None), getattr(node.func, "attr", None)}
    ]


def told(nodes):
    return {f"line {node.lineno}: {ast.unparse(node)[:80]}" for node in nodes}


def imports_of_models(tree):
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("govapp.models")
        for alias in node.names
    }


# ---------------------------------------------------------------- sessions (S-046)


def merged(tree):
    """Return merges: they write a whole row as it once was, also over one that ended since."""
    return told(calls(tree, "merge"))


def endings(tree):
    """Return the functions that assign how a session ended."""
    return {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign)
        for target in getattr(node, "targets", None) or [node.target]
        for part in ast.walk(target)
        if isinstance(part, ast.Attribute) and part.attr in ENDING
    }


def upserts(tree):
    """Return what is written over by INSERT … ON CONFLICT DO UPDATE, but counters."""
    found = []
    for call in calls(tree, "on_conflict_do_update"):
        (insert,) = calls(call.func, "insert")
        if ast.unparse(insert.args[-1]) not in UPSERTED:
            found.append(call)
    return told(found)


def wide_updates(tree):
    """Return UPDATEs of sessions that set more than their last activity."""
    found = []
    for values in calls(tree, "values"):
        updated = [ast.unparse(call.args[0]) for call in calls(values.func, "update") if call.args]
        named = {keyword.arg for keyword in values.keywords}
        if updated == ["Session"] and (values.args or not named <= TOUCHED):
            found.append(values)
    return told(found)


@pytest.mark.standard("S-046")
def test_no_session_is_written_back_as_a_whole():
    assert offenders(merged) == {}
    assert offenders(upserts) == {}
    assert offenders(wide_updates) == {}


@pytest.mark.standard("S-046")
def test_one_function_writes_how_a_session_ended():
    assert offenders(endings) == {"govapp.sessions.ending": {"_end"}}


@pytest.mark.standard("S-046")
def test_session_rows_are_made_by_signing_in_only():
    def makes(tree):
        return told(calls(tree, "Session")) if "Session" in imports_of_models(tree) else set()

    assert set(offenders(makes)) == MAKERS


# ---------------------------------------------------------------- nothing unnoticed (S-083)


def unmarked(tree):
    """Return writes that zope.sqlalchemy would not notice, and roll back behind a 200.

    It notices flushes and statements over mapped classes. SQL as text, statements over tables
    and what goes to the driver need ``mark_changed`` in the same function.
    """
    marking = [function for function in functions(tree) if calls(function, "mark_changed")]
    excused = {id(node) for function in marking for node in ast.walk(function)}
    found = [
        node
        for node in [*text_writes(tree), *table_writes(tree), *calls(tree, "exec_driver_sql")]
        if id(node) not in excused
    ]
    return told(found)


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def text_writes(tree):
    """Return SQL as text that does not clearly only read: also what is put together."""
    harmless = ("select ", "pragma ", "ended_at is null", "previous_hash is not null")
    # Pages have a function of this name too, which reads a filter.
    own = {function.name for function in functions(tree)}
    sql = {"text", "sqlalchemy.text"} - own
    return [
        call
        for call in calls(tree, "text")
        if ast.unparse(call.func) in sql and not _begins_with(call.args[0], harmless)
    ]


def _begins_with(node, harmless):
    first = node.values[0] if isinstance(node, ast.JoinedStr) else node
    return isinstance(first, ast.Constant) and first.value.lower().startswith(harmless)


def table_writes(tree):
    """Return uses of a class's table for anything but its columns and naming what is locked."""
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}

    def reads(node):
        above = parents[node]
        if isinstance(above, ast.Attribute):
            return above.attr in {"columns", "c"}
        return isinstance(above, ast.List) and getattr(parents[above], "arg", None) == "of"

    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "__table__" and not reads(node)
    ]


# These run before or beside the request's transaction: BEGIN, and "read only" for a listing.
DRIVER = {"govapp.db", "govapp.cli.context"}


@pytest.mark.standard("S-083")
def test_no_write_goes_past_the_transaction_manager():
    found = offenders(unmarked)

    assert set(found) <= DRIVER, found
    assert all("exec_driver_sql" in line for lines in found.values() for line in lines)


@pytest.mark.standard("S-083")
def test_statements_that_change_rows_are_about_mapped_classes():
    """By their class, or by a parameter that the caller fills with one."""
    mapped = {name for name in vars(models) if isinstance(getattr(models, name), type)}

    def unmapped(tree):
        targets = [
            call.args[-1]
            for name in ("insert", "update", "delete")
            for call in calls(tree, name)
            if isinstance(call.func, ast.Name) and call.args
        ]
        return {ast.unparse(target) for target in targets} - mapped

    # The first is what a helper adds, the second what the retention of any table removes.
    assert offenders(unmapped) == {"govapp.giving": {"model"}, "govapp.retention": {"key.class_"}}


# ---------------------------------------------------------------- the guards see


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (merged, "dbsession.merge(row)"),
        (endings, "def f(row):\n    row.ended_at = None"),
        (endings, "def f(row):\n    row.ended_at, row.x = None, 1"),
        (upserts, "insert(db, Session).values(a=1).on_conflict_do_update(set_=x)"),
        (wide_updates, "update(Session).where(x).values(ended_at=None)"),
        (wide_updates, "update(Session).values({'ended_at': None})"),
        (unmarked, "dbsession.execute(text('UPDATE govapp_session SET x = 1'))"),
        (unmarked, "dbsession.execute(text(f'{verb} FROM x'))"),
        (unmarked, "dbsession.execute(text(statement))"),
        (unmarked, "dbsession.execute(update(Session.__table__))"),
        (unmarked, "dbsession.execute(Session.__table__.insert())"),
        (unmarked, "connection.exec_driver_sql('DELETE FROM x')"),
    ],
)
def test_the_guards_see(rule, code):
    assert rule(ast.parse(code))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (wide_updates, "update(Session).where(x).values(last_seen_at=now)"),
        (wide_updates, "update(OneTimeLink).values(used_at=now)"),
        (upserts, "insert(db, Throttle).values(a=1).on_conflict_do_update(set_=x)"),
        (unmarked, "def f(s):\n    s.execute(text('DELETE FROM x'))\n    mark_changed(s)"),
        (unmarked, "select(*Session.__table__.columns)"),
        (endings, "def f(row):\n    return row.ended_at is None"),
    ],
)
def test_the_guards_let_be(rule, code):
    assert rule(ast.parse(code)) == set()
