"""People: found whatever the case, disabled for good, and links that work once."""

from datetime import timedelta

import pytest

from govapp import users
from govapp.giving import Refused
from govapp.models import OneTimeLink, Session, User
from govapp.sessions import ending, tokens
from tests.queries.arrange import (
    HASH,
    LIMITS,
    SYSTEM,
    add_group,
    add_user,
    begin,
    disable,
    events,
    get,
)

SECOND = timedelta(seconds=1)
LINK_SECONDS = 600


@pytest.fixture
def bea(database, now):
    """Somebody, beside an administrator without whom nobody could be disabled."""
    with database.begin() as db:
        add_group(db, "admins", "grant:manage", now=now)
        add_user(db, "ada", groups=["admins"], now=now)
        return add_user(db, "Bea@Example.org", now=now)


def create(db, login, name="Name", *, now, password_hash=None):
    return users.create(db, login, name, password_hash=password_hash, actor=SYSTEM, now=now)


# ---------------------------------------------------------------- logins


@pytest.mark.parametrize(
    "login", ["Bea@Example.org", "bea@example.org", "BEA@EXAMPLE.ORG", "  bea@example.org "]
)
def test_a_login_is_found_whatever_its_case(database, bea, now, login):
    with database() as db:
        assert users.by_login(db, login).id == bea.id
        with pytest.raises(Refused, match="already a user"):
            create(db, login, now=now)


@pytest.mark.parametrize("login", ["", "bea", "bea@example.or", "bea@example.org.", "%", "b_a%"])
def test_another_login_is_nobody(database, bea, login):
    with database() as db:
        assert users.by_login(db, login) is None


def test_case_is_folded_and_not_only_lowered(database, now):
    with database.begin() as db:
        made = create(db, "straße", now=now)
        assert users.by_login(db, "STRASSE").id == made.id


@pytest.mark.parametrize(
    ("login", "name"),
    [
        ("", "Name"),
        ("  ", "Name"),
        ("x" * 255, "Name"),
        ("a\x00b", "Name"),
        ("a\nb", "Name"),
        ("a\u202eb", "Name"),
        ("bea", ""),
        ("bea", "x" * 101),
        ("bea", "a\rb"),
    ],
)
def test_logins_and_names_are_bounded_and_printable(database, now, login, name):
    with database() as db, pytest.raises(Refused, match="printable characters"):
        create(db, login, name, now=now)


@pytest.mark.parametrize(
    ("text", "possible"),
    [
        ("bea", True),
        ("x" * 254, True),
        ("x" * 255, False),
        ("", False),
        (" ", False),
        ("a\0", False),
    ],
)
def test_what_can_be_no_login_is_known_before_any_query(text, possible):
    assert users.is_login(text) is possible


def test_a_new_person_is_active_has_a_random_id_and_is_recorded(database, now):
    with database.begin() as db:
        one = create(db, " bea ", " Bea ", password_hash=HASH, now=now)
        two = create(db, "bob", now=now)

    assert (one.login, one.name, one.active) == ("bea", "Bea", True)
    assert len(one.id) == 32 and one.id != two.id
    assert (one.password_changed_at, two.password_changed_at) == (now, None)
    assert [event.subject_id for event in events(database, "user_created")] == [one.id, two.id]


# ---------------------------------------------------------------- disabled


@pytest.mark.standard("S-050")
def test_disabling_ends_every_session_and_enabling_revives_none(database, bea, now):
    with database.begin() as db:
        sessions = [begin(db, bea.id, now=now) for _ in range(2)]

    with database.begin() as db:
        assert disable(db, db.get_one(User, bea.id), now=now) == 2
    with database.begin() as db:
        users.enable(db, db.get_one(User, bea.id), actor=SYSTEM, now=now)

    assert [get(database, row).end_reason for row in sessions] == ["user-disabled"] * 2
    (disabled,) = events(database, "user_disabled")
    assert (disabled.subject_id, disabled.details) == (bea.id, {"sessions_ended": 2})
    assert len(events(database, "user_enabled")) == 1


@pytest.mark.standard("S-050")
def test_a_session_that_began_before_the_disabling_stays_over_after_enabling(database, bea, now):
    """Even one that the disabling could not see, because its sign-in had not committed."""
    with database.begin() as db:
        seen = begin(db, bea.id, now=now)
        hidden = {c.name: getattr(seen, c.name) for c in Session.__table__.columns}
        db.delete(seen)
    with database.begin() as db:
        disable(db, db.get_one(User, bea.id), now=now)
        users.enable(db, db.get_one(User, bea.id), actor=SYSTEM, now=now)

    with database.begin() as db:
        db.add(Session(**hidden))
        db.flush()
        assert not ending.lock_alive(
            db, Session.user_id == bea.id, own_id=None, now=now, limits=LIMITS
        )


def test_what_is_so_already_changes_and_records_nothing(database, bea, now):
    before = len(events(database))
    with database.begin() as db:
        assert users.enable(db, db.get_one(User, bea.id), actor=SYSTEM, now=now) is False
    assert len(events(database)) == before

    with database.begin() as db:
        disable(db, db.get_one(User, bea.id), now=now)
    before = len(events(database))
    with database.begin() as db:
        assert disable(db, db.get_one(User, bea.id), now=now) == 0
    assert len(events(database)) == before


def test_what_somebody_else_did_meanwhile_is_not_recorded_again(database, bea, now):
    with database() as db:
        user = db.get_one(User, bea.id)
        db.commit()
        with database.begin() as other:
            disable(other, other.get_one(User, bea.id), now=now)
        assert user.active and disable(db, user, now=now) == 0
        db.commit()

        with database.begin() as other:
            users.enable(other, other.get_one(User, bea.id), actor=SYSTEM, now=now)
        assert not user.active and not users.enable(db, user, actor=SYSTEM, now=now)
        db.commit()

    assert len(events(database, "user_disabled", "user_enabled")) == 2


def test_disabling_one_person_leaves_everybody_else_signed_in(database, bea, now):
    with database.begin() as db:
        others = begin(db, "somebody", now=now)
        disable(db, db.get_one(User, bea.id), now=now)

    assert get(database, others).ended_at is None


# ---------------------------------------------------------------- the end of a sign-in


@pytest.mark.parametrize("exclusive", [True, False])
@pytest.mark.parametrize("change", [None, "password", "disabled", "deleted"])
def test_what_changed_during_a_sign_in_wins(database, bea, now, change, exclusive):
    with database.begin() as db:
        user = db.get_one(User, bea.id)
        if change == "password":
            users.set_password(db, user, "$argon2id$new", actor=SYSTEM, now=now)
        elif change == "disabled":
            disable(db, user, now=now)
        elif change == "deleted":
            db.delete(user)

    with database.begin() as db:
        found = users.unchanged_since(db, bea, exclusive=exclusive)

        assert (found is not None) is (change is None)


def test_a_new_password_is_dated_and_recorded_without_it(database, bea, now):
    with database.begin() as db:
        users.set_password(db, users.locked(db, bea.id), "$new", actor=SYSTEM, now=now + SECOND)

    with database() as db:
        kept = db.get_one(User, bea.id)
    (event,) = events(database, "authn_password_change")
    assert (kept.password_hash, kept.password_changed_at) == ("$new", now + SECOND)
    assert (event.subject_id, event.details) == (bea.id, {})


def test_nobody_is_locked_where_there_is_nobody(database):
    with database.begin() as db:
        assert users.locked(db, "nobody") is None


# ---------------------------------------------------------------- one-time links


@pytest.fixture
def link(database, bea, now):
    with database.begin() as db:
        return users.create_link(db, bea, actor=SYSTEM, now=now, link_seconds=LINK_SECONDS)


def holder(database, token, *, now):
    with database() as db:
        found = users.link_holder(db, token, now=now)
    return found and found.login


def use(database, token, *, now):
    with database.begin() as db:
        found = users.use_link(db, token, now=now)
    return found and found.login


@pytest.mark.standard("S-118")
def test_a_link_works_once(database, link, now):
    assert holder(database, link, now=now) == "Bea@Example.org"
    assert use(database, link, now=now) == "Bea@Example.org"

    assert use(database, link, now=now) is None
    assert holder(database, link, now=now) is None


@pytest.mark.standard("S-115")
@pytest.mark.parametrize(
    ("after_seconds", "works"),
    [(0, True), (LINK_SECONDS - 1, True), (LINK_SECONDS, False), (LINK_SECONDS + 1, False)],
)
def test_a_link_works_for_its_time(database, link, now, after_seconds, works):
    later = now + timedelta(seconds=after_seconds)

    assert (holder(database, link, now=later) is not None) is works
    assert (use(database, link, now=later) is not None) is works


def test_a_link_that_came_too_late_is_not_used_up(database, link, now):
    use(database, link, now=now + timedelta(seconds=LINK_SECONDS))

    with database() as db:
        assert db.query(OneTimeLink).one().used_at is None


def test_a_disabled_person_has_no_link(database, bea, link, now):
    with database.begin() as db:
        disable(db, db.get_one(User, bea.id), now=now)

    assert holder(database, link, now=now) is None
    assert use(database, link, now=now) is None


def test_a_use_that_rolls_back_leaves_the_link(database, link, now):
    with database() as db:
        users.use_link(db, link, now=now)
        db.rollback()

    assert use(database, link, now=now) is not None


@pytest.mark.standard("S-118")
def test_only_the_digest_of_a_link_is_kept(database, link, now):
    with database() as db:
        row = db.query(OneTimeLink).one()

    assert row.token_hash == tokens.digest(link)
    (event,) = events(database, "authn_link_created")
    assert link not in str(vars(event))


@pytest.mark.parametrize("token", [None, "", "x", "a" * 43, "é" * 43, "a" * 44])
def test_what_is_no_link_is_nobodys(database, link, now, token):
    assert holder(database, token, now=now) is None


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "é" * 43])
def test_what_is_no_link_cannot_be_used(database, link, now, token):
    assert use(database, token, now=now) is None


@pytest.mark.standard("S-118")
def test_a_new_password_by_one_link_uses_up_the_others(database, bea, link, now):
    with database.begin() as db:
        other = users.create_link(db, bea, actor=SYSTEM, now=now, link_seconds=LINK_SECONDS)

    use(database, other, now=now)

    assert holder(database, link, now=now) is None
