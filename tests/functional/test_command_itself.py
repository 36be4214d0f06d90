"""``govapp``: exit status, usage, settings, ``db upgrade`` and ``check``."""

import io
import os

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, TimeoutError

from govapp.cli import main
from govapp.cli.context import explained
from tests.support.command import write_ini
from tests.support.world import PASSWORD


class Deadlock(Exception):
    """What PostgreSQL says to one of two who wait for each other."""

    sqlstate = "40P01"


@pytest.fixture
def new_sqlite(settings, command, tmp_path):
    """The command on a SQLite file that does not exist yet."""
    settings["sqlalchemy.url"] = f"sqlite:///{tmp_path}/new.sqlite"
    write_ini(command.ini, settings)
    return command


@pytest.mark.parametrize(
    "words",
    [
        "",
        "nonsense",
        "db",
        "user create",
        "user create bea",
        "user groups",
        "init --admin root",
        "grant admins",
        "session list --state dead",
        "session revoke --reason lost",
        "session revoke --everyone",
        "session revoke --everyone --user bea --reason lost",
        "session revoke 0123 --everyone --reason lost",
        "audit list --limit 0",
        "audit list --limit many",
        "audit verify",
        "purge --everything",
        # What no UTF-8 terminal sends, and no database takes.
        "grant \udcff session:list",
        "grant customers session:list --over \udcff",
        "user groups bea --add \udcff",
        "audit list --event \udcff",
    ],
)
def test_wrong_usage_is_status_2_and_changes_nothing(command, world, words):
    before = len(world.events())

    said = command(*words.split())

    assert said.status == 2 and "usage: govapp" in said.err
    assert len(world.events()) == before


def test_the_ini_comes_from_the_environment_too(command, monkeypatch, capsys):
    monkeypatch.setenv("GOVAPP_INI", str(command.ini))
    assert main(["group", "list"]) == 0

    monkeypatch.delenv("GOVAPP_INI")
    capsys.readouterr()
    assert main(["group", "list"]) == 2
    assert "-c" in capsys.readouterr().err


def test_help_is_no_mistake(command):
    said = command.done("--help")

    for call in ("db", "init", "user", "group", "grant", "session", "audit", "purge", "check"):
        assert call in said.out


@pytest.mark.parametrize("content", [None, "no section", "[app:other]\nuse = call:govapp:main\n"])
def test_an_ini_that_cannot_be_read_is_refused(command, content):
    command.ini.unlink()
    if content is not None:
        command.ini.write_text(content)

    assert "test.ini cannot be read" in command.refused("group", "list")


def test_every_mistake_in_the_settings_is_told(command, settings):
    settings |= {"govapp.env": "test", "govapp.idle": "7", "govapp.secrets": "short"}
    write_ini(command.ini, settings)

    for words in (["group", "list"], ["check"]):
        said = command(*words)

        assert said.status == 1 and said.out == ""
        for name in ("govapp.env", "govapp.idle", "govapp.secrets"):
            assert name in said.err
        assert "short" not in said.err


def test_a_database_url_that_is_none_is_told_without_its_password(command, settings):
    settings["sqlalchemy.url"] = "postgresql+psycopg//gov:hunter2@db/gov"
    write_ini(command.ini, settings)

    for words in (["group", "list"], ["check"]):
        said = command(*words)

        assert said.status == 1 and "URL of the database" in said.err
        assert "hunter2" not in said.err


def test_a_database_out_of_reach_is_told_without_its_password(command, settings):
    settings["sqlalchemy.url"] = "postgresql+psycopg://gov:hunter2@/gov?host=/nowhere"
    write_ini(command.ini, settings)

    for words in (["group", "list"], ["check"], ["db", "upgrade"]):
        assert "hunter2" not in command.refused(*words)


def test_an_empty_database_is_upgraded(new_sqlite, tmp_path):
    assert "does not exist" in new_sqlite.refused("check")
    assert not (tmp_path / "new.sqlite").exists()
    assert "govapp db upgrade" in new_sqlite.refused("group", "list")
    assert "at revision None" in new_sqlite.refused("check")

    said = new_sqlite.done("db", "upgrade")

    assert "at revision 0" in said.out
    new_sqlite.done("db", "upgrade")
    new_sqlite.done("check")
    new_sqlite.done("init", "--admin", "root", "--name", "Root")


@pytest.mark.standard("S-137")
def test_migration_uses_the_role_for_maintenance(new_sqlite, settings, tmp_path):
    settings["govapp.maintenance_url"] = f"sqlite:///{tmp_path}/maintained.sqlite"
    write_ini(new_sqlite.ini, settings)

    new_sqlite.done("db", "upgrade")

    assert (tmp_path / "maintained.sqlite").exists()
    assert not (tmp_path / "new.sqlite").exists()


def test_the_database_of_the_environment_wins(new_sqlite, monkeypatch, tmp_path):
    monkeypatch.setenv("GOVAPP_DATABASE_URL", f"sqlite:///{tmp_path}/environment.sqlite")

    new_sqlite.done("db", "upgrade")
    new_sqlite.done("check")

    assert (tmp_path / "environment.sqlite").exists()
    assert not (tmp_path / "new.sqlite").exists()


def test_a_database_at_another_revision_is_told(command, database_url):
    command.done("check")
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE govapp_alembic_version SET version_num = '0000'"))
    engine.dispose()

    assert "at revision 0000, not 0" in command.refused("check")


def test_check_tells_settings_and_database_at_once(command, settings):
    settings |= {"govapp.idle": "7", "sqlalchemy.url": "sqlite:////nowhere/x.sqlite"}
    write_ini(command.ini, settings)

    said = command("check")

    assert said.status == 1
    assert "govapp.idle" in said.err and "/nowhere/x.sqlite does not exist" in said.err


def test_check_tells_of_a_missing_database_url_once(command, settings):
    del settings["sqlalchemy.url"]
    write_ini(command.ini, settings)

    assert "sqlalchemy.url is missing" in command.refused("check")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError("QueuePool limit\nreached"), "cannot be used: QueuePool limit"),
        (DBAPIError("SQL", {"x": "canary"}, Deadlock("deadlock detected\ncanary")), "call again"),
        (DBAPIError("SQL", {"x": "canary"}, Exception("first\ncanary")), "refused: first"),
        (DBAPIError("SQL", {"x": "canary"}, Exception()), "refused: Exception"),
    ],
)
def test_errors_of_the_database_are_one_line_without_values(error, said):
    line = explained(error)

    assert line.rstrip(".").endswith(said)
    assert "canary" not in line and "\n" not in line


def test_a_reader_that_goes_away_gets_one_line(command, world, monkeypatch, capsys):
    world.user("bea")
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr("sys.stdout", pipe)
        status = main(["-c", str(command.ini), "audit", "export"])

    assert status == 1
    assert capsys.readouterr().err == "govapp: Nobody reads the output any more.\n"


@pytest.mark.parametrize("words", ["session list", "check", "--help", "group list --json"])
def test_an_output_that_takes_nothing_gets_one_line(command, monkeypatch, capsys, words):
    with os.fdopen(os.open(os.devnull, os.O_RDONLY), "w") as unwritable:
        monkeypatch.setattr("sys.stdout", unwritable)
        status = main(["-c", str(command.ini), *words.split()])

    assert status == 1
    err = capsys.readouterr().err
    assert err.startswith("govapp: The system refused: ") and err.count("\n") == 1


def test_a_call_without_any_output_is_done(command, world, monkeypatch):
    world.user("root", "admins")
    world.user("bea")

    # What Python makes of an output that was closed before it began.
    monkeypatch.setattr("sys.stdout", None)
    status = main(["-c", str(command.ini), "user", "disable", "bea"])

    assert status == 0
    assert len(world.events("user_disabled")) == 1


def test_an_output_that_knows_no_umlauts_still_gets_the_link(command, world, monkeypatch):
    output = io.BytesIO()

    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(output, encoding="ascii"))
    status = main(["-c", str(command.ini), "user", "create", "ümit", "--name", "Ümit"])

    assert status == 0
    assert (
        output.getvalue().startswith(b"Created \\xfcmit.\n") and b"/welcome/" in output.getvalue()
    )


def test_a_database_url_that_is_no_text_gets_one_line(command, monkeypatch):
    url = "postgresql+psycopg://\udcff@/gov?host=/nowhere"
    monkeypatch.setenv("GOVAPP_DATABASE_URL", url)

    assert "The system refused: " in command.refused("group", "list")


def test_somebody_elses_lock_is_told_in_one_line(command, world, monkeypatch):
    monkeypatch.setattr("govapp.db.SQLITE_WAIT_SECONDS", 0)
    if world.engine.dialect.name != "sqlite":
        monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=100")
    world.user("bea")
    with world.engine.connect() as connection:
        connection.execute(text("UPDATE govapp_user SET name = 'Held'"))

        command.refused("user", "set-password", "bea", "--password-stdin", stdin=PASSWORD)
