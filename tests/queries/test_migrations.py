"""The migrations make exactly what the models say, and take all of it back."""

import ast
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from govapp.cli.database import alembic_config
from govapp.models import Base

ROOT = Path(__file__).parents[2]
REVISIONS = sorted((ROOT / "alembic" / "versions").glob("*.py"))
TRIGGERS = {
    "govapp_session_ended_is_final",
    "govapp_not_before_never_back",
    "govapp_not_before_stays",
}
# How each database would let a row be written over or emptied without asking those.
MORE = {
    "sqlite": {"govapp_session_is_not_replaced", "govapp_not_before_is_not_replaced"},
    "postgresql": {"govapp_not_before_is_never_emptied"},
}


@pytest.fixture
def engine(database_url):
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


def triggers(engine):
    sql = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return set(connection.scalars(text(sql)))


def functions(engine):
    if engine.dialect.name == "sqlite":
        return set()
    with engine.connect() as connection:
        return set(
            connection.scalars(
                text("SELECT proname FROM pg_proc WHERE starts_with(proname, 'gov')")
            )
        )


def test_upgraded_from_empty_the_database_equals_the_models(engine, database_url):
    def in_migrations_env(connection):
        options = {"compare_type": True, "target_metadata": Base.metadata}
        return MigrationContext.configure(connection, opts=options)

    with engine.connect() as connection:
        differences = compare_metadata(in_migrations_env(connection), Base.metadata)

    assert [d for d in differences if "govapp_alembic_version" not in str(d)] == []
    command.check(alembic_config(database_url))


def test_the_models_have_a_table_each_and_the_prefix_that_hosts_need(engine):
    tables = set(inspect(engine).get_table_names())

    assert tables == {*Base.metadata.tables, "govapp_alembic_version"}
    assert all(name.startswith("govapp_") for name in tables)


@pytest.mark.standard("S-046")
def test_the_guards_stand_at_head(engine):
    assert triggers(engine) == TRIGGERS | MORE[engine.dialect.name]


@pytest.mark.standard("S-115")
def test_a_fresh_database_has_nobody_in_it(engine):
    with engine.connect() as connection:
        rows = {
            name: connection.scalar(text(f"SELECT count(*) FROM {name}"))
            for name in Base.metadata.tables
        }

    assert {name: count for name, count in rows.items() if count} == {"govapp_not_before": 1}


def test_downgraded_nothing_is_left_and_upgraded_again_all_is_back(engine, database_url):
    config = alembic_config(database_url)

    command.downgrade(config, "base")

    assert set(inspect(engine).get_table_names()) == {"govapp_alembic_version"}
    assert triggers(engine) == functions(engine) == set()
    inspect(engine).clear_cache()
    command.upgrade(config, "head")
    assert triggers(engine) == TRIGGERS | MORE[engine.dialect.name]


def test_a_downgrade_leaves_a_hosts_own_tables_alone(engine, database_url):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (id INTEGER PRIMARY KEY)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))

    command.check(alembic_config(database_url))
    command.downgrade(alembic_config(database_url), "base")

    assert {"orders", "alembic_version"} <= set(inspect(engine).get_table_names())


def test_there_is_one_line_of_history():
    parents = {}
    for path in REVISIONS:
        names = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in ast.parse(path.read_text("utf-8")).body
            if isinstance(node, ast.Assign) and node.targets[0].id in {"revision", "down_revision"}
        }
        parents[names["revision"]] = names["down_revision"]

    assert REVISIONS
    assert len(set(parents.values())) == len(parents)
    assert set(parents.values()) - set(parents) == {None}


@pytest.mark.parametrize("path", REVISIONS, ids=lambda path: path.name)
def test_a_revision_imports_nothing_of_govapp(path):
    """A migration describes one moment; models move on."""
    imported = [
        name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
    ]

    assert not [name for name in imported if name.split(".")[0] == "govapp"]


def test_the_folder_of_migrations_does_not_shadow_the_library():
    assert not list((ROOT / "alembic").rglob("__init__.py"))
    assert Path(command.__file__).parent != ROOT / "alembic"
