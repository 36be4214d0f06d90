"""What Pyramid asks of any session and of any CSRF policy, asked of ours in real requests.

The questions are those of Pyramid's own test-suite (sessions and CSRF), and of the promises of
``ISession`` and ``ICSRFStoragePolicy``. Each is asked of somebody signed in and of a visitor.
Where ours answers otherwise by design, the test says how and why.
"""

import itertools
import time

import pytest
from pyramid.csrf import check_csrf_origin, check_csrf_token, get_csrf_token, new_csrf_token
from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.interfaces import ICSRFStoragePolicy, ISession
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from zope.interface.verify import verifyObject

import govapp
from govapp.sessions import SessionKeyError
from tests.conftest import Clock
from tests.hostile.databases import database
from tests.support.settings import settings_for
from tests.support.world import Browser, World

LONG_AGO_SECONDS = 3600
numbers = itertools.count()


class Person(Browser):
    """A browser in whose requests a function is run, as a view would be."""

    def __init__(self, app):
        super().__init__(app, "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Firefox/142.0")
        self._asked = app.registry["asked"]

    def ask(self, question, method="GET", path="/probe/ask", status=200, **kw):
        """Return what the function returns, once the request has committed."""
        self._asked |= {"question": question, "answer": None}
        self.test_app.request(path, method=method, status=status, **kw)
        return self._asked["answer"]

    def visit_new_page(self):
        """Open another page; the cookies are those that the request before left behind."""
        return self.ask(lambda request: None)


def add_probe(config):
    def ask(request):
        found = request.registry["asked"]
        found["answer"] = found["question"](request)
        return Response("answered")

    config.registry["asked"] = {}
    config.add_session_key("color", max_bytes=200)
    config.add_session_key("wizard", max_bytes=200)
    config.add_route("ask", "/probe/ask")
    config.add_view(ask, route_name="ask", permission=NO_PERMISSION_REQUIRED, require_csrf=False)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request, tmp_path_factory):
    with database(request, tmp_path_factory) as url:
        yield url


@pytest.fixture(scope="module")
def clock():
    return Clock()


@pytest.fixture(scope="module")
def app(database_url, clock):
    config = govapp.configure(settings_for(database_url))
    add_probe(config)
    made = config.make_wsgi_app()
    made.registry["govapp.clock"] = clock
    yield made
    made.registry["dbsession_factory"].kw["bind"].dispose()
    made.registry["govapp.engines"].dispose()


@pytest.fixture(scope="module")
def world(app, clock):
    with World(app, clock) as made:
        yield made


@pytest.fixture
def visitor(app):
    return Person(app)


@pytest.fixture
def bea(app, world):
    return signed_in(app, world)


@pytest.fixture(params=["signed in", "visitor"])
def person(request, app, world):
    return signed_in(app, world) if request.param == "signed in" else Person(app)


def signed_in(app, world):
    """Return somebody signed in; in each test another, since all share a database."""
    someone = Person(app)
    someone.login = f"bea-{next(numbers)}"
    someone.user_id = world.user(someone.login)
    someone.sign_in(someone.login)
    return someone


def session(question):
    """Return the question as one of a request."""
    return lambda request: question(request.session)


# ---------------------------------------------------------------- what a session is


def test_it_keeps_the_interface(person):
    assert person.ask(session(lambda found: verifyObject(ISession, found)))


def test_a_request_has_one_session(person):
    assert person.ask(lambda request: request.session is request.session)


def test_it_begins_empty(person):
    assert person.ask(session(dict)) == {}


def test_it_knows_when_it_was_created(person, clock):
    began = person.ask(session(lambda found: found.created))

    assert isinstance(began, int)
    assert began == int(clock().timestamp()) and abs(began - time.time()) < LONG_AGO_SECONDS


def test_of_somebody_signed_in_that_stays(bea, clock):
    began = bea.ask(session(lambda found: found.created))

    clock.advance(seconds=60)

    assert bea.ask(session(lambda found: found.created)) == began


def test_only_the_session_of_a_visitor_is_new(person):
    """A visitor has no row, so each of their requests could be the first of a session."""
    person.visit_new_page()

    assert person.ask(session(lambda found: found.new)) is (person.cookie is None)


# ---------------------------------------------------------------- a dictionary


def test_what_is_put_in_is_there_in_the_next_request(person):
    def put(found):
        found["color"] = {"hex": "ff0000"}
        assert found["color"] == {"hex": "ff0000"}

    person.ask(session(put))

    assert person.ask(session(dict)) == {"color": {"hex": "ff0000"}}


def test_it_answers_like_a_dictionary(person):
    person.ask(session(lambda found: found.update(color="red", wizard=[1])))

    assert person.ask(session(lambda found: sorted(found))) == ["color", "wizard"]
    assert person.ask(session(lambda found: sorted(found.keys()))) == ["color", "wizard"]
    assert person.ask(session(lambda found: sorted(map(str, found.values())))) == ["[1]", "red"]
    assert person.ask(session(lambda found: dict(found.items())))["wizard"] == [1]
    assert person.ask(session(len)) == 2
    assert person.ask(session(lambda found: "color" in found and "other" not in found))
    assert person.ask(session(lambda found: found.get("other", 7))) == 7
    assert person.ask(session(lambda found: found.get("other"))) is None
    assert person.ask(session(lambda found: found.setdefault("color", "blue"))) == "red"


@pytest.mark.parametrize(
    "take",
    [
        lambda found: found.pop("color"),
        lambda found: found.__delitem__("color"),
        lambda found: found.popitem(),
        lambda found: found.clear(),
    ],
    ids=["pop", "del", "popitem", "clear"],
)
def test_what_is_taken_out_is_gone_in_the_next_request(person, take):
    person.ask(session(lambda found: found.update(color="red")))

    person.ask(session(take))

    assert person.ask(session(dict)) == {}


def test_a_missing_key_is_a_key_error(person):
    def miss(found):
        with pytest.raises(KeyError):
            found["color"]
        with pytest.raises(KeyError):
            del found["color"]
        with pytest.raises(KeyError):
            found.popitem()
        return found.pop("color", "none")

    assert person.ask(session(miss)) == "none"


def test_a_value_changed_in_place_is_kept_with_or_without_saying_so(person):
    """ISession asks for ``changed()`` then. Ours compares, so forgetting it loses nothing."""
    person.ask(session(lambda found: found.update(wizard={"steps": [1]})))

    person.ask(session(lambda found: found["wizard"]["steps"].append(2)))
    assert person.ask(session(dict)) == {"wizard": {"steps": [1, 2]}}

    def say_so(found):
        found["wizard"]["steps"].append(3)
        return found.changed()

    assert person.ask(session(say_so)) is None
    assert person.ask(session(dict)) == {"wizard": {"steps": [1, 2, 3]}}


@pytest.mark.standard("S-008")
def test_a_key_that_was_not_declared_is_refused_and_told_where_it_belongs(person):
    """By design: a session holds the user's id, messages and the token, and what is declared."""

    def put(found):
        refusals = []
        for way in (
            lambda: found.__setitem__("is_admin", True),
            lambda: found.update(is_admin=True),
            lambda: found.setdefault("is_admin", True),
        ):
            with pytest.raises(SessionKeyError) as refusal:
                way()
            refusals.append(str(refusal.value))
        return refusals

    for said in person.ask(session(put)):
        assert said.startswith("'is_admin' cannot be kept in the session.")
        assert "config.add_session_key(name, max_bytes=…)" in said
    assert person.ask(session(dict)) == {}


@pytest.mark.standard("S-008")
def test_only_json_of_the_declared_size_is_kept(person):
    def put(found):
        with pytest.raises(ValueError, match="not JSON"):
            found["color"] = object()
        with pytest.raises(ValueError, match="takes 302 bytes, more than 200"):
            found["color"] = "x" * 300

    person.ask(session(put))
    assert person.ask(session(dict)) == {}


# ---------------------------------------------------------------- messages


def test_messages_come_in_order_until_they_are_taken(person):
    def flash(found):
        assert found.flash("one") is None
        found.flash("two")
        return found.peek_flash()

    assert person.ask(session(flash)) == ["one", "two"]
    assert person.ask(session(lambda found: found.peek_flash())) == ["one", "two"]
    assert person.ask(session(lambda found: found.pop_flash())) == ["one", "two"]
    assert person.ask(session(lambda found: found.pop_flash())) == []
    assert person.ask(session(lambda found: found.peek_flash())) == []


def test_queues_are_apart(person):
    def flash(found):
        found.flash("careful", "warn")
        found.flash("more careful", "warn")
        found.flash("wrong", queue="error")
        found.flash("hello")

    person.ask(session(flash))

    assert person.ask(session(lambda found: found.pop_flash("error"))) == ["wrong"]
    assert person.ask(session(lambda found: found.peek_flash("warn"))) == [
        "careful",
        "more careful",
    ]
    assert person.ask(session(lambda found: found.pop_flash(queue="warn"))) == [
        "careful",
        "more careful",
    ]
    assert person.ask(session(lambda found: found.pop_flash())) == ["hello"]


@pytest.mark.parametrize(
    ("first", "allowed", "shown"),
    [
        ("one", True, ["one", "one"]),
        ("one", False, ["one"]),
        ("other", True, ["other", "one"]),
        ("other", False, ["other", "one"]),
    ],
)
@pytest.mark.parametrize("same_request", [True, False])
def test_a_duplicate_is_left_out_only_if_that_was_asked(
    person, first, allowed, shown, same_request
):
    def again(found):
        found.flash("one", allow_duplicate=allowed)

    def both(found):
        found.flash(first)
        again(found)

    if same_request:
        person.ask(session(both))
    else:
        person.ask(session(lambda found: found.flash(first)))
        person.ask(session(again))

    assert person.ask(session(lambda found: found.pop_flash())) == shown


def test_messages_are_no_keys(person):
    """Pyramid's own keeps them among the keys; here neither can be taken for the other."""

    def fill(found):
        found.flash("hello")
        found.get_csrf_token()
        return dict(found), len(found), list(found)

    assert person.ask(session(fill)) == ({}, 0, [])
    assert person.ask(session(lambda found: found.clear() or found.pop_flash())) == ["hello"]


# ---------------------------------------------------------------- invalidation


def test_invalidating_takes_everything_away(person):
    def fill(found):
        found["color"] = "red"
        found.flash("hello")
        return found.get_csrf_token()

    token = person.ask(session(fill))

    def invalidate(found):
        assert found.invalidate() is None
        return dict(found), found.peek_flash(), found.get_csrf_token()

    kept, messages, other = person.ask(session(invalidate))
    assert (kept, messages) == ({}, [])
    assert other != token
    assert person.ask(session(dict)) == {}
    assert person.ask(session(lambda found: found.peek_flash())) == []


def test_an_invalidated_session_can_be_used_and_is_another(person):
    def start_over(found):
        found["color"] = "red"
        found.invalidate()
        found["wizard"] = 1
        found.flash("welcome")
        return found.new, found.get_csrf_token()

    is_new, token = person.ask(session(start_over))

    assert is_new is True
    assert person.ask(session(dict)) == {"wizard": 1}
    assert person.ask(session(lambda found: found.pop_flash())) == ["welcome"]
    assert person.ask(session(lambda found: found.get_csrf_token())) == token


def test_invalidating_in_a_request_that_fails_takes_nothing_away(person):
    def fill(found):
        found["color"] = "red"
        found.flash("hello")
        return found.get_csrf_token()

    token = person.ask(session(fill))

    def fail(request):
        request.session.invalidate()
        raise RuntimeError("broken")

    person.ask(fail, status=500)

    assert person.ask(session(dict)) == {"color": "red"}
    assert person.ask(session(lambda found: found.pop_flash())) == ["hello"]
    assert person.ask(get_csrf_token) == token


@pytest.mark.standard("S-022")
def test_invalidating_signs_out_for_good(bea, world, app):
    """Pyramid's own forgets the cookie; here what somebody copied of it is worth nothing."""
    thief = Person(app)
    thief.cookie = bea.cookie

    bea.ask(session(lambda found: found.invalidate()))

    assert bea.cookie in {None, ""}
    assert not thief.is_signed_in and not bea.is_signed_in
    assert world.only_session(bea.user_id).end_reason == "signed-out"


# ---------------------------------------------------------------- CSRF


def policy_of(request):
    return request.registry.getUtility(ICSRFStoragePolicy)


def test_the_csrf_policy_keeps_the_interface(person):
    assert person.ask(lambda request: verifyObject(ICSRFStoragePolicy, policy_of(request)))


@pytest.mark.parametrize(
    ("get", "new"),
    [
        (get_csrf_token, new_csrf_token),
        (lambda r: r.session.get_csrf_token(), lambda r: r.session.new_csrf_token()),
        (lambda r: policy_of(r).get_csrf_token(r), lambda r: policy_of(r).new_csrf_token(r)),
    ],
    ids=["pyramid.csrf", "session", "policy"],
)
def test_a_token_is_made_once_kept_and_replaced_on_demand(person, get, new):
    token = person.ask(get)
    assert isinstance(token, str) and token.isascii() and len(token) == 43
    assert person.ask(get) == token

    other = person.ask(lambda request: (new(request), get(request)))

    assert other[0] == other[1] != token
    assert person.ask(get_csrf_token) == other[0]


@pytest.mark.standard("S-072")
def test_the_policy_knows_the_right_token_from_any_other(person):
    token = person.ask(get_csrf_token)

    def check(given):
        return person.ask(lambda request: policy_of(request).check_csrf_token(request, given))

    assert check(token) is True
    for wrong in ("", "x", token[:-1], token + "x", token.swapcase(), "\U0001f600", "é", "\udcff"):
        assert check(wrong) is False, wrong
    for no_text in (None, 7, b"bytes", [token]):
        assert check(no_text) is False, no_text


@pytest.mark.parametrize("where", ["field", "header"])
def test_pyramids_check_takes_the_token_from_field_or_header(person, where):
    token = person.ask(get_csrf_token)

    def post(given):
        if where == "header":
            return {"headers": {"X-CSRF-Token": given}}
        return {"POST": {"csrf_token": given}}

    assert person.ask(check_csrf_token, method="POST", **post(token)) is True

    def refuse(request):
        with pytest.raises(BadCSRFToken):
            check_csrf_token(request)
        return check_csrf_token(request, raises=False)

    assert person.ask(refuse, method="POST", **post("x" * 43)) is False
    assert person.ask(refuse, method="POST") is False


def test_a_token_in_the_query_string_never_counts(person):
    token = person.ask(get_csrf_token)

    def check(request):
        return check_csrf_token(request, raises=False)

    assert person.ask(check, path=f"/probe/ask?csrf_token={token}") is False
    assert person.ask(check, "POST", path=f"/probe/ask?csrf_token={token}") is False


@pytest.mark.standard("S-030")
def test_signing_in_makes_another_token(bea, visitor):
    planted = visitor.ask(get_csrf_token)

    visitor.sign_in(bea.login)

    assert visitor.ask(get_csrf_token) not in {planted, bea.ask(get_csrf_token)}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Referer": "http://localhost/some/page"},
        {"Origin": "http://localhost", "Referer": "https://not-example.com/"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
def test_a_form_of_ours_passes_the_check_of_its_origin(person, headers):
    token = person.ask(get_csrf_token)
    form = {"POST": {"csrf_token": token}, "headers": headers}

    assert person.ask(check_csrf_token, method="POST", **form) is True
    # Pyramid's own check looks on https only; ours is part of checking the token, everywhere.
    assert person.ask(check_csrf_origin, method="POST", **form) is True


@pytest.mark.standard("S-073")
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "https://not-example.com"},
        {"Origin": "http://localhost https://not-example.com"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "https://localhost"},
        {"Origin": "http://localhost/"},
        {"Referer": "https://not-example.com/login/"},
        {"Referer": "http://localhost.evil.example/"},
        {"Referer": "http://localhost:8080/"},
        {"Origin": "https://not-example.com", "Referer": "http://localhost/"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    ],
    ids=str,
)
def test_a_form_from_elsewhere_does_not_in_spite_of_the_right_token(person, headers):
    token = person.ask(get_csrf_token)

    def refuse(request):
        with pytest.raises(BadCSRFOrigin):
            check_csrf_token(request)

    person.ask(refuse, "POST", POST={"csrf_token": token}, headers=headers)
