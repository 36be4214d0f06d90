"""Errors: a plain sentence, nothing internal, and the right headers on everything."""

import socket

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import make_url, text
from sqlalchemy.exc import OperationalError

from govapp import db

INTERNAL = [
    "Traceback",
    "sqlalchemy",
    "govapp.sessions",
    "SELECT",
    "signed-in",
    "session:list",
    "__acl__",
    "RuntimeError",
    "OperationalError",
    "raise_error",
    "secret_column",
    "UnicodeDecodeError",
]


@pytest.fixture
def extend():
    def add_probes(config):
        def raise_error(request):
            raise RuntimeError("a secret detail")

        def break_callback(request):
            def fail(request, response):
                raise RuntimeError("a secret detail")

            request.add_response_callback(fail)
            return Response("fine")

        def lose_database(request):
            raise OperationalError("select secret", {}, Exception("a secret detail"))

        def bad_sql(request):
            request.dbsession.execute(text("select secret_column from nowhere"))

        for view in (raise_error, break_callback, lose_database, bad_sql):
            config.add_route(view.__name__, f"/probe/{view.__name__}")
            config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)
        config.add_route("closed", "/probe/closed")
        config.add_view(lambda request: Response("open!"), route_name="closed")

    return add_probes


@pytest.mark.standard("S-092")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/probe/raise_error", 500),
        ("/probe/break_callback", 500),
        ("/probe/lose_database", 503),
        ("/nowhere-at-all", 404),
        ("/account/sessions/x/revocation", 404),
        ("/probe/closed", 403),
        # SQLite calls it operational that a table is missing.
        ("/probe/bad_sql", [500, 503]),
        ("/account/password?a=%ff", 400),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_an_error_page_is_plain_and_tells_nothing(bea, path, status, accept):
    page = bea.get(path, status=status, headers={"Accept": accept})

    # Where even the exception views are out of reach, there is one page for everybody.
    is_page = accept == "text/html" or path == "/probe/break_callback"
    assert page.content_type == ("text/html" if is_page else accept)
    assert "<h1>" in page.text or page.json["message"]
    assert "a secret detail" not in page.text and path not in page.text
    assert not [word for word in INTERNAL if word in page.text]
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/probe/raise_error", "/nowhere", "/probe/closed"])
def test_a_client_that_wants_json_gets_json(bea, path):
    answer = bea.get(path, status="*", headers={"Accept": "application/json"})

    assert set(answer.json) <= {"error", "message", "incident"}


def test_without_a_session_json_gets_401(browser, world):
    browser().get("/account/sessions", headers={"Accept": "application/json"}, status=401)


def test_a_lost_database_says_when_to_try_again(bea):
    assert bea.get("/probe/lose_database", status=503).headers["Retry-After"]


@pytest.mark.standard("S-094")
def test_without_a_database_nobody_is_anybody(bea, app, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("connect", {}, Exception("no route"))

    monkeypatch.setattr(app.registry["govapp.engines"].reader, "connect", refuse)

    bea.get("/account/sessions", status=503)
    bea.get("/static/govapp.css", status=200)
    bea.get("/healthz", status=200)


@pytest.mark.standard("S-053")
def test_a_view_that_names_no_permission_is_closed(bea, browser):
    bea.get("/probe/closed", status=403)
    assert "/sign-in" in browser().get("/probe/closed", status=303).location


@pytest.mark.standard("S-095")
@pytest.mark.parametrize(
    "path",
    [
        "/%ff",
        "/account/sessions?a=%ff",
        "/sign-in?next=%ff",
        "/%00",
        "/sign-in?next=%00",
        "/?%ff=1",
        "/sign-in%0a",
    ],
)
def test_undecodable_input_is_400(browser, world, path):
    browser().get(path, status=[400, 404])


@pytest.mark.standard("S-095")
@pytest.mark.parametrize("field", ["login", "password", "next"])
@pytest.mark.parametrize("value", ["a\0b", "\udcff", "x" * 9000])
def test_hostile_fields_are_refused(browser, world, field, value):
    fields = {"login": "bea", "password": "x"} | {field: value.encode("utf-8", "surrogateescape")}

    answer = browser().post("/sign-in", fields, status=[400])

    assert 'role="alert"' in answer.text or "not valid" in answer.text


@pytest.mark.standard("S-098")
@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/account/sessions",
        "/nowhere",
        "/probe/raise_error",
        "/probe/break_callback",
        "/sign-in?a=%ff",
    ],
)
def test_every_answer_carries_the_security_headers(bea, path):
    answer = bea.get(path, status="*")

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.standard("S-092")
@pytest.mark.standard("S-097")
@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(browser, world, method):
    page = browser().test_app.request("/account/sessions", method=method, status=405)

    assert method not in page.text and "/account/sessions" not in page.text.partition("<main")[2]


@pytest.mark.standard("S-134")
@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost.evil", "@", "a b",
             "localhost:abc", "localhost:1, evil.example"],
)  # fmt: skip
def test_another_host_is_refused_but_probes_answer(browser, world, host):
    browser().get("/sign-in", headers={"Host": host}, status=400)
    browser().get("/healthz", headers={"Host": host}, status=200)


@pytest.mark.standard("S-137")
def test_readyz_asks_the_database(browser, world, app, monkeypatch):
    browser().get("/readyz", status=200)

    def refuse(*args, **kwargs):
        raise OperationalError("connect", {}, Exception("no route"))

    monkeypatch.setattr(db.engines(app.registry).independent, "connect", refuse)
    assert browser().get("/readyz", status=503).text == "unavailable\n"


@pytest.mark.standard("S-018")
def test_what_sets_a_cookie_is_never_stored(browser, world):
    world.user("bea")

    for answer in (browser().get("/sign-in"), browser().sign_in("bea")):
        assert answer.headers.getall("Set-Cookie")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.standard("S-093")
@pytest.mark.parametrize(
    "header", ["Range", "If-Range", "If-Modified-Since", "If-Unmodified-Since"]
)
@pytest.mark.parametrize(
    "value", ["bytes=--5", "Thu, 01 Jan 99999 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 -9999"]
)
def test_a_condition_that_cannot_be_read_is_none(browser, world, header, value):
    answer = browser().get("/static/govapp.css", headers={header: value}, status=200)

    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_conditions_that_can_be_read_count(browser, world):
    answer = browser().get("/static/govapp.css", headers={"Range": "bytes=0-4"}, status=206)
    assert len(answer.body) == 5

    since = {"If-Modified-Since": "Thu, 01 Jan 2099 00:00:00 GMT"}
    browser().get("/static/govapp.css", headers=since, status=304)


def test_static_files_are_kept_and_set_no_cookie(browser, world):
    answer = browser().get("/static/govapp.css", status=200)

    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.standard("S-095")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=iso-8859-1", b"login=x"),
        ("application/x-www-form-urlencoded; charset=nope", b"login=x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=\xe9", b"x"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="login"\r\n'
            b"Content-Type: text/plain; charset=bogus\r\n\r\nx\r\n--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="csrf_token"; filename="f"\r\n\r\n'
            b"x\r\n--b--\r\n",
        ),
        ("application/x-www-form-urlencoded", b"login=%ff"),
    ],
)
def test_a_form_that_cannot_be_read_is_400(browser, world, content_type, body):
    browser().test_app.post("/sign-in", body, content_type=content_type, status=400)


@pytest.mark.parametrize("host", ["[", "[::1", "]", "[x]"])
def test_a_host_that_cannot_be_read_is_400(browser, world, host):
    browser().get("/sign-in", headers={"Host": host}, status=400)


def test_a_referrer_that_cannot_be_read_is_400(bea):
    bea.post(
        "/account/sessions/revocations",
        {"which": "others"},
        headers={"Referer": "http://[x"},
        status=400,
    )


def test_a_malformed_address_and_one_that_names_nothing_look_alike(bea):
    pages = [bea.get(f"/admin/sessions/{id_}", status=404).text for id_ in ("zz", "0" * 32)]

    assert pages[0] == pages[1]
    assert "Sign out" in pages[0]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_never_answers_is_given_up(database_url):
    """A firewall that swallows packets must not hang requests (invariant 15)."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = make_url(f"postgresql+psycopg://gov@127.0.0.1:{silent.getsockname()[1]}/gov")
        for make_engine in (db.writer_engine, db.reader_engine, db.independent_engine):
            engine = make_engine(url)
            with pytest.raises(OperationalError):
                engine.connect()
            engine.dispose()
