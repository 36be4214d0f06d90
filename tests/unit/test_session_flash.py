"""Flash messages, and how what a request changed meets what others stored meanwhile."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.sessions.session import RequestSession

DECLARED = {"a": 100, "b": 100}


def open_session(stored):
    return RequestSession(
        row=SimpleNamespace(id=7, data=stored, csrf_token="token"),
        visit={},
        now_epoch=0,
        declared=DECLARED,
        end_own=lambda: None,
    )


def anonymous(visit):
    return RequestSession(
        row=None, visit=visit, now_epoch=0, declared=DECLARED, end_own=lambda: None
    )


# ---------------------------------------------------------------- queues within one request


def test_messages_come_out_in_order_once():
    session = open_session({"flash": {"": ["one"]}})
    session.flash("two")
    session.flash("three")

    assert session.peek_flash() == ["one", "two", "three"]
    assert session.peek_flash() == ["one", "two", "three"]
    assert session.pop_flash() == ["one", "two", "three"]
    assert session.pop_flash() == session.peek_flash() == []


def test_queues_are_apart():
    session = open_session({"flash": {"": ["one"], "error": ["two"]}})
    session.flash("three", "error")

    assert session.pop_flash("error") == ["two", "three"]
    assert session.peek_flash() == ["one"]
    assert session.peek_flash("nowhere") == []


@pytest.mark.parametrize(
    ("stored", "flashed", "allow_duplicate", "shown"),
    [
        (["one"], ["one"], True, ["one", "one"]),
        (["one"], ["one"], False, ["one"]),
        ([], ["one", "one"], True, ["one", "one"]),
        ([], ["one", "one"], False, ["one"]),
        ([], ["one", "two"], False, ["one", "two"]),
    ],
)
def test_a_duplicate_is_kept_unless_told_otherwise(stored, flashed, allow_duplicate, shown):
    session = open_session({"flash": {"": stored}})

    for message in flashed:
        session.flash(message, allow_duplicate=allow_duplicate)

    assert session.peek_flash() == shown


def test_the_same_message_in_another_queue_is_no_duplicate():
    session = open_session({})
    session.flash("one", "error")
    session.flash("one", allow_duplicate=False)

    assert session.peek_flash() == ["one"]


def test_a_message_may_be_any_json():
    session = open_session({})
    message = {"text": "Saved.", "undo": ["a", 1, None]}
    session.flash(message)

    assert session.pop_flash() == [message]


def test_what_is_flashed_and_popped_in_one_request_is_never_stored():
    session = open_session({"flash": {"": ["one"]}})
    session.flash("two")
    session.pop_flash()
    session.flash("three")

    assert session.apply({"flash": {"": ["one"]}}) == {"flash": {"": ["three"]}}


def test_a_request_that_only_looks_changes_nothing():
    session = open_session({"flash": {"": ["one"]}, "keys": {"a": [1]}})

    session.peek_flash()
    session.get("a")
    session.pop_flash("empty")

    assert not session.has_changes


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.flash("one"),
        lambda session: session.pop_flash(),
        lambda session: session.new_csrf_token(),
        lambda session: session.update(b=1),
        lambda session: session["a"].append(2),
        lambda session: session.pop("a"),
    ],
)
def test_every_change_is_noticed(change):
    session = open_session({"flash": {"": ["one"]}, "keys": {"a": [1]}})

    change(session)

    assert session.has_changes


# ---------------------------------------------------------------- meeting others' changes

MESSAGES = st.lists(st.sampled_from(["one", "two", "three"]), max_size=4)
QUEUES = st.sampled_from(["", "error"])
STORED = st.fixed_dictionaries(
    {},
    optional={
        "flash": st.dictionaries(QUEUES, MESSAGES.filter(bool), min_size=1),
        "keys": st.dictionaries(st.sampled_from(["a", "b"]), st.integers(), min_size=1),
    },
)
FLASHES = st.lists(st.tuples(QUEUES, st.text(min_size=1, max_size=5)), max_size=4)


@given(STORED, FLASHES, FLASHES)
def test_two_requests_that_flash_at_once_both_show(stored, of_one, of_two):
    one, two = open_session(stored), open_session(stored)
    for session, flashes in ((one, of_one), (two, of_two)):
        for queue, message in flashes:
            session.flash(message, queue)

    after = two.apply(one.apply(stored))

    third = open_session(after)
    for queue in ("", "error"):
        before = stored.get("flash", {}).get(queue, [])
        expected = [*before, *(m for q, m in [*of_one, *of_two] if q == queue)]
        assert third.pop_flash(queue) == expected


@given(STORED, QUEUES, FLASHES)
def test_what_was_not_shown_is_not_taken_away(stored, queue, of_other):
    reader, writer = open_session(stored), open_session(stored)
    reader.pop_flash(queue)
    for name, message in of_other:
        writer.flash(message, name)

    after = open_session(reader.apply(writer.apply(stored)))

    for name in ("", "error"):
        before = [] if name == queue else stored.get("flash", {}).get(name, [])
        assert after.peek_flash(name) == [*before, *(m for q, m in of_other if q == name)]


@given(STORED, QUEUES)
def test_two_requests_that_show_the_same_message_take_it_away_once(stored, queue):
    one, two = open_session(stored), open_session(stored)
    one.pop_flash(queue)
    two.pop_flash(queue)

    after = two.apply(one.apply(stored))

    assert open_session(after).peek_flash(queue) == []


@given(STORED)
def test_without_changes_stored_data_stays_as_it_is(stored):
    assert open_session(stored).apply(stored) == stored


def test_of_two_equal_messages_the_one_that_was_shown_goes():
    reader = open_session({"flash": {"": ["one"]}})
    reader.pop_flash()

    assert reader.apply({"flash": {"": ["one", "one"]}}) == {"flash": {"": ["one"]}}


@pytest.mark.parametrize(
    ("mine", "meanwhile", "after"),
    [
        ({"a": 2}, {"a": 1, "b": 5}, {"a": 2, "b": 5}),
        ({"a": 1}, {"a": 5}, {"a": 5}),
        ({"a": 1}, {}, {}),
        ({}, {"a": 1, "b": 5}, {"b": 5}),
        ({}, {}, {}),
        ({"a": 2}, {"a": 3}, {"a": 2}),
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}),
    ],
)
def test_only_the_keys_that_this_request_changed_are_written(mine, meanwhile, after):
    session = open_session({"keys": {"a": 1}})
    session.clear()
    session.update(mine)

    assert session.apply({"keys": meanwhile}).get("keys", {}) == after


def test_applying_leaves_the_given_data_alone():
    stored = {"flash": {"": ["one"]}, "keys": {"a": 1}}
    session = open_session(stored)
    session.pop_flash()
    session.flash("two")
    session["a"] = 2

    session.apply(stored)

    assert stored == {"flash": {"": ["one"]}, "keys": {"a": 1}}


@pytest.mark.standard("S-008")
def test_stored_data_has_two_parts_and_nothing_else():
    session = open_session({})
    session.flash("one")
    session["a"] = 1

    assert session.apply({"is_admin": True}) == {"flash": {"": ["one"]}, "keys": {"a": 1}}


# ---------------------------------------------------------------- the visit cookie


def test_a_visitors_message_goes_only_with_a_commit():
    session = anonymous({"csrf": "t"})
    session.flash("Saved.")
    session["a"] = 1

    assert session.visit_state({"csrf": "t"}, committed=False) == {"csrf": "t"}
    assert session.visit_state({"csrf": "t"}, committed=True) == {
        "csrf": "t",
        "flash": {"": ["Saved."]},
        "keys": {"a": 1},
    }


def test_a_visitors_message_that_was_shown_comes_back_if_the_request_rolls_back():
    before = {"flash": {"": ["Saved."]}}
    session = anonymous(before)
    session.pop_flash()

    assert session.visit_state(before, committed=False) == before
    assert session.visit_state(before, committed=True) == {}


def test_why_and_link_are_remembered_with_any_response_until_forgotten():
    session = anonymous({"link": "token"})
    session.remember("why", "idle")
    assert session.recall("link") == "token"
    assert session.visit_state({}, committed=False) == {"why": "idle", "link": "token"}

    assert session.forget("link") == "token"

    assert session.forget("link") is None
    assert session.recall("link") is None
    assert session.visit_state({}, committed=False) == {"why": "idle"}


def test_a_visit_keeps_nothing_else_that_somebody_put_there():
    session = anonymous({"csrf": "t", "user_id": "bea", "is_admin": True})

    assert session.visit_state({}, committed=True) == {"csrf": "t"}


def test_a_sign_out_that_failed_leaves_the_visit_as_it_was():
    session = open_session({})
    session.leave()
    session.flash("You are signed out.")

    assert session.left
    assert session.visit_state({"why": "idle"}, committed=False) == {"why": "idle"}
    assert session.visit_state({}, committed=True) == {"flash": {"": ["You are signed out."]}}


def test_a_sign_in_that_failed_leaves_the_visit_as_it_was():
    before = {"csrf": "t", "flash": {"": ["Saved."]}}
    session = anonymous(before)
    session.adopt(SimpleNamespace(id=8, data={}, csrf_token="fresh"), "secret")

    assert session.visit_state(before, committed=False) == before
    assert session.visit_state(before, committed=True) == {}


def test_a_new_secret_changes_nothing_else():
    session = open_session({"flash": {"": ["one"]}})

    session.adopt_token("secret")

    assert session.new_token == "secret"
    assert session.peek_flash() == ["one"] and not session.has_changes
