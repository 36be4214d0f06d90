"""The parts in other people's applications: their users, their ``request.dbsession``."""

import pytest
import zope.sqlalchemy
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from sqlalchemy import Column, MetaData, String, Table, make_url, select
from sqlalchemy.orm import sessionmaker
from webtest import TestApp

from govapp import sessions
from govapp.db import writer_engine

SETTINGS = {
    "govapp.env": "development",
    "govapp.base_url": "http://localhost",
    "govapp.secrets": "a-secret-of-the-host-0123456789-abcdefg",
    "govapp.cookie_secure": "false",
}
metadata = MetaData()
members = Table("members", metadata, Column("id", String, primary_key=True), Column("name", String))
notes = Table("notes", metadata, Column("text", String, primary_key=True))


class Member:
    """A user as this host keeps them."""

    def __init__(self, row):
        self.name = self.login = row.name
        self.active = True


@pytest.fixture
def host(database_url):
    """A small application that has nothing of govapp's but its sessions."""
    engine = writer_engine(make_url(database_url))
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(members.insert().values(id="m-1", name="Mia"))

    config = Configurator(settings=dict(SETTINGS))
    config.registry["dbsession_factory"] = sessionmaker(engine)

    def dbsession(request):
        session = request.registry["dbsession_factory"]()
        zope.sqlalchemy.register(session, transaction_manager=request.tm, initial_state="changed")
        return session

    config.include("pyramid_tm")
    config.add_request_method(dbsession, reify=True)

    def sign_in(request):
        member = request.dbsession.execute(
            select(members.c.id).where(members.c.name == request.POST["name"])
        ).scalar_one()
        sessions.begin(request, member, method="magic link")
        return HTTPSeeOther("/")

    def write(request):
        request.dbsession.execute(notes.insert().values(text=request.POST["text"]))
        request.session.flash(f"kept {request.POST['text']}")
        request.session["wizard.step"] = {"step": request.POST["text"]}
        if "fail" in request.POST:
            raise RuntimeError
        return Response("kept")

    def show(request):
        return Response(json_body=[request.session.pop_flash(), dict(request.session)])

    def sign_out(request):
        request.session.invalidate()
        return Response("bye")

    for view in (sign_in, write, show, sign_out):
        config.add_route(view.__name__, f"/{view.__name__}")
        config.add_view(view, route_name=view.__name__)
    config.add_exception_view(
        lambda error, request: Response("oh", status=500), context=RuntimeError
    )
    yield config
    engine.dispose()
    if "govapp.engines" in config.registry:
        config.registry["govapp.engines"].dispose()


@pytest.fixture
def with_sessions(host):
    host.include("govapp.sessions")
    host.add_session_key("wizard.step", max_bytes=200)
    return TestApp(host.make_wsgi_app())


def rows(host, table):
    with host.registry["dbsession_factory"]() as db:
        return db.execute(select(table)).all()


def test_a_host_begins_uses_and_ends_a_session(with_sessions, host):
    with_sessions.post("/sign_in", {"name": "Mia"})
    with_sessions.post("/write", {"text": "one"})

    assert with_sessions.get("/show").json == [["kept one"], {"wizard.step": {"step": "one"}}]
    assert with_sessions.get("/show").json == [[], {"wizard.step": {"step": "one"}}]

    secret = with_sessions.cookies["govapp"]
    with_sessions.post("/sign_out")
    assert "govapp" not in with_sessions.cookies or not with_sessions.cookies["govapp"]
    assert [row.end_reason for row in rows(host, sessions.Session.__table__)] == ["signed-out"]
    assert with_sessions.get("/show", headers={"Cookie": f"govapp={secret}"}).json == [[], {}]


def test_the_host_s_data_and_the_session_stand_or_fall_together(with_sessions, host):
    with_sessions.post("/sign_in", {"name": "Mia"})

    with_sessions.post("/write", {"text": "one", "fail": "1"}, status=500)

    assert rows(host, notes) == []
    assert with_sessions.get("/show").json == [[], {}]


def test_a_session_that_ends_while_a_request_is_under_way_undoes_its_work(host):
    host.include("govapp.sessions")

    def end_beside(request):
        """What another process does meanwhile, after this request was let in."""
        from govapp import db
        from govapp.sessions import ending

        assert request.session.row is not None
        with db.independent_session(request.registry) as other:
            ending.set_not_before(other, "everyone")
        request.dbsession.execute(notes.insert().values(text="too late"))
        return Response("done")

    host.add_route("end_beside", "/end_beside")
    host.add_view(end_beside, route_name="end_beside")
    app = TestApp(host.make_wsgi_app())
    app.post("/sign_in", {"name": "Mia"})

    app.post("/end_beside", status=403)

    assert rows(host, notes) == []


def test_a_foreign_commit_veto_is_refused(host):
    from pyramid.exceptions import ConfigurationError

    host.registry.settings["tm.commit_veto"] = "pyramid_tm.default_commit_veto"

    with pytest.raises(ConfigurationError, match=r"govapp\.db\.commit_veto"):
        host.include("govapp.sessions")


@pytest.fixture
def with_account(host):
    """The same host with the permissions and the pages of govapp over its own users."""
    host.include("govapp.sessions")
    host.add_session_key("wizard.step", max_bytes=200)
    host.include("govapp.security")

    def find(request, user_id):
        row = request.dbsession.execute(
            select(members).where(members.c.id == user_id)
        ).one_or_none()
        return Member(row) if row is not None else None

    host.set_user_finder(find)
    host.include("govapp.account")
    return TestApp(host.make_wsgi_app())


def test_my_sessions_over_a_host_s_own_users(with_account):
    with_account.post("/sign_in", {"name": "Mia"})
    other = TestApp(with_account.app)
    other.post("/sign_in", {"name": "Mia"})

    page = with_account.get("/account/sessions", status=200)
    assert "Mia" in page.text
    form = page.forms["selection"] if "selection" in page.forms else page.forms[1]
    assert len(page.html.find_all(attrs={"data-session-id": True})) == 2

    token = form["csrf_token"].value
    with_account.post(
        "/account/sessions/revocations", {"which": "others", "csrf_token": token}, status=303
    )
    other.get("/account/sessions", status=403)
    with_account.get("/account/password", status=404)


def test_a_person_whom_the_host_no_longer_knows_is_nobody(with_account, host):
    with_account.post("/sign_in", {"name": "Mia"})
    with host.registry["dbsession_factory"].begin() as db:
        db.execute(members.delete())

    with_account.get("/account/sessions", status=403)


def test_our_forms_are_protected_even_if_the_host_s_are_not(with_account):
    """The host of these tests never asked Pyramid for CSRF protection."""
    with_account.post("/sign_in", {"name": "Mia"})
    other = TestApp(with_account.app)
    other.post("/sign_in", {"name": "Mia"})

    with_account.post("/account/sessions/revocations", {"which": "others"}, status=400)

    other.get("/account/sessions", status=200)


def test_our_pages_carry_our_headers_and_the_host_s_keep_their_own(with_account):
    with_account.post("/sign_in", {"name": "Mia"})

    assert (
        "default-src 'none'"
        in with_account.get("/account/sessions").headers["Content-Security-Policy"]
    )
    host_page = with_account.post("/write", {"text": "one"})
    assert "Content-Security-Policy" not in host_page.headers
