"""What tests prove, they prove on real databases, with real commits."""

import ast

import pytest
from sqlalchemy import create_engine, text

from tests.guards.source import ROOT


@pytest.fixture
def connections(database_url):
    """Two connections to the database that a test gets."""
    engine = create_engine(database_url)
    with engine.connect() as one, engine.connect() as other:
        yield one, other
    engine.dispose()


@pytest.mark.standard("S-091")
def test_a_test_runs_on_the_database_it_names_and_others_see_only_what_is_committed(
    connections, request
):
    one, other = connections
    (kind,) = [kind for kind in ("sqlite", "postgresql") if kind in request.node.callspec.id]
    count = text("SELECT count(*) FROM govapp_group")

    assert one.dialect.name == kind
    one.execute(text("INSERT INTO govapp_group VALUES ('press', CURRENT_TIMESTAMP)"))
    assert other.execute(count).scalar_one() == 0
    other.rollback()
    one.commit()
    assert other.execute(count).scalar_one() == 1


@pytest.mark.standard("S-091")
def test_no_test_switches_the_transaction_manager_off():
    """``tm.active`` in the environment does: then nothing commits, and nothing is proven."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value == "tm." + "active"
    ]

    assert found == []


@pytest.mark.standard("S-091")
def test_whoever_runs_all_tests_runs_them_on_postgresql():
    """``make test`` looks for one first, and without one no test begins."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    recipe = makefile.partition("\ntest:")[2].partition("\n\n")[0]

    assert recipe.index("tests.support.postgres") < recipe.index("-m pytest")
    assert 'params=["sqlite", "postgresql"]' in (ROOT / "tests/conftest.py").read_text("utf-8")
