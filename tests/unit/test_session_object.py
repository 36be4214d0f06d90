"""``request.session`` by itself: Pyramid's contract, and what may not be put into it."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from pyramid.interfaces import ISession
from zope.interface.verify import verifyObject

from govapp.sessions import tokens
from govapp.sessions.session import MAX_FLASH_BYTES, RequestSession, SessionKeyError

NOW = datetime(2026, 11, 3, 14, 2, 9, tzinfo=UTC)
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
DECLARED = {"wizard.step": 20, "draft": 200}


def make(data=None, *, visit=None, signed_in=True, end_own=lambda: None):
    row = SimpleNamespace(id=7, data=data or {}, csrf_token="row's", created_at=BEGAN)
    return RequestSession(
        row=row if signed_in else None,
        visit=visit or {},
        now_epoch=int(NOW.timestamp()),
        declared=DECLARED,
        end_own=end_own,
    )


@pytest.fixture(params=[True, False], ids=["signed in", "anonymous"])
def session(request):
    return make(signed_in=request.param)


def test_it_is_a_session_as_pyramid_defines_one(session):
    assert verifyObject(ISession, session)


# ---------------------------------------------------------------- a dictionary of declared keys


def test_a_declared_key_is_kept_like_in_a_dictionary(session):
    session["wizard.step"] = 2
    session.setdefault("draft", ["a"]).append("b")

    assert session["wizard.step"] == 2
    assert dict(session) == {"wizard.step": 2, "draft": ["a", "b"]}
    assert "draft" in session and "other" not in session
    assert session.get("other") is None and session.get("other", 5) == 5
    assert sorted(session) == sorted(session.keys()) == ["draft", "wizard.step"]
    assert len(session) == 2 and bool(session)


def test_keys_are_taken_out_like_from_a_dictionary(session):
    session.update({"wizard.step": 2, "draft": "a"})

    assert session.pop("draft") == "a"
    assert session.pop("draft", None) is None
    del session["wizard.step"]

    assert len(session) == 0
    with pytest.raises(KeyError):
        session["wizard.step"]
    with pytest.raises(KeyError):
        del session["wizard.step"]


def test_clear_takes_the_keys_and_leaves_messages_and_token(session):
    session["draft"] = "a"
    session.flash("Saved.")
    token = session.get_csrf_token()

    session.clear()

    assert dict(session) == {}
    assert session.peek_flash() == ["Saved."]
    assert session.get_csrf_token() == token


@pytest.mark.standard("S-008")
@pytest.mark.parametrize(
    "key", ["is_admin", "permissions", "groups", "user_id", "email", "flash", "csrf", "", None, 7]
)
def test_what_was_not_declared_is_refused_and_told_where_it_belongs(session, key):
    with pytest.raises(SessionKeyError) as caught:
        session[key] = True

    assert repr(key) in str(caught.value)
    assert "belong in the database" in str(caught.value)
    assert "config.add_session_key(name, max_bytes=" in str(caught.value)
    assert dict(session) == {}


@pytest.mark.standard("S-008")
@pytest.mark.parametrize("attempt", ["update", "setdefault"])
def test_no_other_way_in_is_open(session, attempt):
    with pytest.raises(SessionKeyError):
        session.update(is_admin=True) if attempt == "update" else session.setdefault("is_admin", 1)


def test_a_session_key_error_is_a_key_error_whose_text_has_no_quotes(session):
    error = SessionKeyError("plain sentence")

    assert isinstance(error, KeyError)
    assert str(error) == "plain sentence"


@pytest.mark.standard("S-008")
@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"bytes", NOW, float("nan"), float("inf"), {"a": [float("nan")]}]
)
def test_what_is_not_json_is_refused(session, value):
    with pytest.raises(ValueError, match="not JSON"):
        session["draft"] = value
    with pytest.raises(ValueError, match="not JSON"):
        session.flash(value)


def test_a_structure_that_contains_itself_is_refused(session):
    loop = []
    loop.append(loop)

    with pytest.raises(ValueError, match="not JSON"):
        session["draft"] = loop


def test_a_key_may_take_as_many_bytes_as_were_declared(session):
    session["wizard.step"] = "x" * 18  # and two quotes

    with pytest.raises(ValueError, match=r"'wizard\.step' takes 21 bytes, more than 20"):
        session["wizard.step"] = "x" * 19
    # Bytes of the JSON that is stored, not characters.
    with pytest.raises(ValueError, match="takes 26 bytes, more than 20"):
        session["wizard.step"] = "é" * 4


def test_a_message_may_take_4000_bytes(session):
    session.flash("x" * (MAX_FLASH_BYTES - 2))

    with pytest.raises(ValueError, match="takes 4001 bytes, more than 4000"):
        session.flash("x" * (MAX_FLASH_BYTES - 1))


def test_a_value_that_grew_in_place_is_found_before_it_is_stored(session):
    session["draft"] = []
    session.validate()

    session["draft"].append("x" * 200)

    with pytest.raises(ValueError, match="more than 200"):
        session.validate()


def test_what_was_loaded_is_not_shared_with_the_row():
    data = {"flash": {"": [["a"]]}, "keys": {"draft": ["a"]}}
    session = make(data)

    session["draft"].append("b")
    session.pop_flash()[0].append("b")

    assert data == {"flash": {"": [["a"]]}, "keys": {"draft": ["a"]}}


# ---------------------------------------------------------------- attributes and life


def test_created_is_when_the_session_began_in_whole_seconds():
    assert make().created == int(BEGAN.timestamp())
    assert make(signed_in=False).created == int(NOW.timestamp())


def test_a_session_is_new_in_the_request_that_begins_it():
    session = make()
    assert session.new is False
    assert make(signed_in=False).new is True

    session.adopt(SimpleNamespace(id=8, data={}, csrf_token="next", created_at=NOW), "secret")

    assert session.new is True


def test_changed_needs_not_be_called():
    session = make()
    session["draft"] = ["a"]
    assert session.changed() is None

    assert session.has_changes


def test_invalidate_ends_the_session_and_goes_on_anonymous():
    ended = []
    session = make(
        {"keys": {"draft": "a"}, "flash": {"": ["x"]}}, end_own=lambda: ended.append(True)
    )

    session.invalidate()

    assert ended == [True]
    assert session.row is None
    assert dict(session) == {} and session.peek_flash() == []
    assert session.get_csrf_token() != "row's"


def test_invalidate_twice_or_anonymous_ends_nothing_more():
    ended = []
    session = make(end_own=lambda: ended.append(True))

    session.invalidate()
    session.invalidate()
    make(signed_in=False, end_own=lambda: ended.append(True)).invalidate()

    assert ended == [True]


@pytest.mark.standard("S-030")
def test_nothing_from_before_crosses_a_sign_in():
    planted = {"csrf": "planted", "flash": {"": ["planted"]}, "keys": {"draft": "planted"}}
    session = make(signed_in=False, visit=planted | {"why": "idle"})
    session.flash("in this request")
    row = SimpleNamespace(id=8, data={}, csrf_token="fresh", created_at=NOW)

    session.adopt(row, "secret")

    assert session.get_csrf_token() == "fresh"
    assert session.peek_flash() == [] and dict(session) == {}
    assert session.recall("why") is None
    assert not session.has_changes
    assert session.visit_state(planted, committed=True) == {}


# ---------------------------------------------------------------- CSRF


@pytest.mark.standard("S-072")
def test_a_csrf_token_has_256_bits_and_stays_until_it_is_renewed(session):
    token = session.get_csrf_token()
    assert session.get_csrf_token() == token

    renewed = session.new_csrf_token()

    assert renewed != token
    assert tokens.parse_token(renewed) == renewed
    assert session.get_csrf_token() == renewed == session.new_csrf


def test_the_rows_token_is_the_sessions_and_asking_changes_nothing():
    session = make(visit={"csrf": "visit's"})

    assert session.get_csrf_token() == "row's"
    assert session.new_csrf is None and not session.has_changes


def test_the_visits_token_is_the_visitors():
    session = make(signed_in=False, visit={"csrf": "visit's"})

    assert session.get_csrf_token() == "visit's"
    assert session.visit_state({"csrf": "visit's"}, committed=False) == {"csrf": "visit's"}
