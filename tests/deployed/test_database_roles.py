"""The two roles of the README: the web application can do its work, and not more than that."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.pool import NullPool

import govapp
from govapp import db
from govapp.cli.database import upgrade
from tests.guards.source import ROOT
from tests.support.cluster import private_cluster
from tests.support.settings import settings_for
from tests.support.world import Browser, World

BLOCKS = re.compile(r"psql -v ON_ERROR_STOP=1[^\n]*<<SQL\n(.*?)\nSQL\n", re.DOTALL)


@pytest.fixture(scope="module")
def role_url():
    """Return the URL of the README's database for one of its roles."""
    made, refined = BLOCKS.findall((ROOT / "README.md").read_text("utf-8"))
    before, after = made.split("\\connect govapp\n")
    with private_cluster() as cluster:

        def url(role):
            named = make_url(cluster.url).set(database="govapp", username=role)
            return named.render_as_string(hide_password=False)

        run(cluster.url, before)
        run(url("gov"), after)
        upgrade(url("govapp_owner"))
        run(url("gov"), refined)
        yield url


def run(url, sql):
    """Run statements one by one, as psql does."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in filter(None, map(str.strip, sql.split(";"))):
            connection.execute(text(statement))


@pytest.fixture(scope="module")
def app(role_url):
    application = govapp.configure(settings_for(role_url("govapp"))).make_wsgi_app()
    yield application
    application.registry["dbsession_factory"].kw["bind"].dispose()
    db.engines(application.registry).dispose()


@pytest.fixture(scope="module")
def world(app):
    with World(app, lambda: datetime.now(UTC)) as made:
        yield made


@pytest.mark.standard("S-137")
def test_the_applications_role_is_enough_for_its_work(app, world):
    world.user("ada", "admins")
    target = world.user("bea", "customers")
    customer, staff = Browser(app, "x"), Browser(app, "x")
    customer.sign_in("bea")
    staff.sign_in("ada")

    customer.post("/account/sessions/revocations", {"which": "others"}, status=303)
    customer.confirm()
    staff.post(f"/admin/users/{target}/revocation", {"reason": "reported stolen"}, status=303)
    staff.post(f"/admin/users/{target}/status", {"status": "disabled"}, status=303)
    staff.post("/admin/groups", {"name": "partners"}, status=303)

    assert not customer.is_signed_in
    assert staff.get("/admin/audit").text.count("session_ended") > 0


@pytest.mark.standard("S-123")
@pytest.mark.standard("S-137")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM govapp_audit_event",
        "UPDATE govapp_audit_event SET reason = 'another'",
        "UPDATE govapp_audit_event SET at = now()",
        "TRUNCATE govapp_audit_event",
        "DELETE FROM govapp_session",
        "DELETE FROM govapp_user",
        "DELETE FROM govapp_not_before",
        "UPDATE govapp_alembic_version SET version_num = '0'",
        "DROP TABLE govapp_audit_event",
        "ALTER TABLE govapp_session DISABLE TRIGGER ALL",
        "DROP TRIGGER govapp_session_ended_is_final ON govapp_session",
        "CREATE TABLE planted (id int)",
        "SET ROLE govapp_owner",
    ],
)
def test_the_applications_role_can_neither_change_the_trail_nor_the_tables(role_url, statement):
    with pytest.raises(ProgrammingError, match="InsufficientPrivilege"):
        run(role_url("govapp"), statement)


@pytest.mark.standard("S-137")
def test_the_role_for_maintenance_may_purge(role_url):
    run(role_url("govapp_owner"), "DELETE FROM govapp_session WHERE ended_at IS NOT NULL")
