"""``govapp init``, ``user``, ``group``, ``grant`` and ``ungrant``."""

import json

import pytest
from sqlalchemy import create_engine, text

from govapp.cli.groups import STANDARD_GROUPS
from govapp.models import OneTimeLink
from tests.support.world import PASSWORD

NEW = "nine quiet herons wade"


@pytest.fixture
def bea(world, browser):
    """A customer with a browser that is signed in."""
    world.user("bea@example.org", "customers")
    someone = browser()
    someone.sign_in("bea@example.org")
    return someone


def set_password_by_link(browser, link, password=NEW):
    visitor = browser()
    visitor.get(link, status=303)
    return visitor.post("/welcome", {"new": password}, status="*")


@pytest.fixture
def root(world):
    """An administrator: without one, nothing may be taken from anybody."""
    return world.user("root", "admins")


# ---------------------------------------------------------------- init


def test_init_makes_groups_and_the_first_administrator(command, app, browser):
    said = command.done("init", "--admin", "root@example.org", "--name", "Root")

    set_password_by_link(browser, said.link)
    someone = browser()
    someone.sign_in("root@example.org", NEW)
    assert someone.is_signed_in
    assert {row["group"] for row in command.done("group", "list", "--json").json} == set(
        STANDARD_GROUPS
    )
    groups = command.done("user", "groups", "root@example.org", "--json").json
    assert groups == [{"group": "admins"}]


@pytest.mark.standard("S-115")
def test_the_first_link_works_once_and_expires(command, clock, app, browser):
    link = command.done("init", "--admin", "root", "--name", "Root").link
    assert set_password_by_link(browser, link).status_int == 303
    assert set_password_by_link(browser, link).status_int == 404

    later = command.done("user", "create", "late", "--name", "Late").link
    clock.advance(days=1)
    assert set_password_by_link(browser, later).status_int == 404


def test_init_refuses_where_there_are_users(command):
    command.done("init", "--admin", "root", "--name", "Root")

    assert "There are users already" in command.refused("init", "--admin", "b", "--name", "B")


def test_init_does_all_or_nothing(command, database_url):
    assert "1 to 254" in command.refused("init", "--admin", "\x07", "--name", "Root")

    engine = create_engine(database_url)
    with engine.connect() as connection:
        for table in ("user", "group", "grant", "audit_event", "one_time_link"):
            counted = connection.execute(text(f"SELECT count(*) FROM govapp_{table}"))
            assert counted.scalar_one() == 0
    engine.dispose()


# ---------------------------------------------------------------- user create


def test_a_person_is_created_with_a_link(command, world, browser):
    said = command.done(
        "user", "create", "Mia@Example.org", "--name", "Mia", "--group", "customers"
    )

    assert set_password_by_link(browser, said.link).status_int == 303
    mia = browser()
    mia.sign_in("mia@example.org", NEW)
    assert mia.is_signed_in
    (created,) = world.events("user_created")
    assert created.actor_id == "system" and world.events("authn_link_created")
    assert [event.details for event in world.events("group_member_added")] == [
        {"group": "customers"}
    ]


def test_a_person_is_created_with_a_password(command, world, browser):
    said = command.done(
        "user", "create", "mia", "--name", "Mia", "--password-stdin", stdin=f"{NEW}\n"
    )

    assert "/welcome/" not in said.out and NEW not in said.out
    mia = browser()
    mia.sign_in("mia", NEW)
    assert mia.is_signed_in


@pytest.mark.parametrize(
    ("words", "stdin", "why"),
    [
        ("mia --name Mia --group nobody", "", "There is no group"),
        ("BEA --name Bea", "", "already a user"),
        (f"{'m' * 255} --name Mia", "", "1 to 254"),
        ("mia --name Mia --password-stdin", "short\n", "at least 15"),
        ("mia --name Mia --password-stdin", "", "at least 15"),
        ("mia --name Mia --password-stdin", "passwordpassword\n", "too easy"),
        ("mia --name Mia --password-stdin", "\udcff" * 20, "not UTF-8"),
    ],
)
def test_a_person_who_cannot_be_is_refused_and_nothing_stays(command, world, words, stdin, why):
    world.user("bea")
    before = len(world.events())

    assert why in command.refused("user", "create", *words.split(), stdin=stdin)

    assert len(world.events()) == before
    command.refused("user", "groups", "mia")


# ---------------------------------------------------------------- disable, enable, set-password


def test_disabling_ends_sessions_and_enabling_revives_none(command, world, root, bea, browser):
    assert "ended 1 session." in command.done("user", "disable", "bea@example.org").out
    assert not bea.is_signed_in
    browser().sign_in("bea@example.org", status=400)

    command.done("user", "enable", "BEA@example.org")

    assert not bea.is_signed_in
    bea.sign_in("bea@example.org")
    assert bea.is_signed_in
    assert [event.actor_id for event in world.events("user_disabled", "user_enabled")] == [
        "system",
        "system",
    ]


def test_what_is_so_already_is_said_and_not_recorded_again(command, world, root, bea):
    already = command.done("user", "enable", "bea@example.org").out
    assert already == "bea@example.org was enabled already.\n"
    command.done("user", "disable", "bea@example.org")
    already = command.done("user", "disable", "bea@example.org").out
    assert already == "bea@example.org was disabled already.\n"

    events = [event.event for event in world.events("user_disabled", "user_enabled")]
    assert events == ["user_disabled"]


def test_a_set_password_ends_all_sessions(command, world, bea, browser):
    said = command.done(
        "user", "set-password", "bea@example.org", "--password-stdin", stdin=f"{NEW}\n"
    )

    assert "ended 1 session." in said.out and NEW not in said.out
    assert not bea.is_signed_in
    browser().sign_in("bea@example.org", PASSWORD, status=400)
    bea.sign_in("bea@example.org", NEW)
    assert bea.is_signed_in
    (ended,) = world.events("session_ended")
    assert (ended.actor_id, ended.reason) == ("system", "password-changed")


def test_a_link_instead_of_a_password_ends_sessions_and_the_old_password(
    command, world, bea, browser
):
    earlier = command.done("user", "set-password", "bea@example.org").link
    said = command.done("user", "set-password", "bea@example.org")

    assert not bea.is_signed_in
    browser().sign_in("bea@example.org", PASSWORD, status=400)
    # Whoever holds an earlier link could set the password after all.
    assert set_password_by_link(browser, earlier).status_int == 404
    assert set_password_by_link(browser, said.link).status_int == 303
    bea.sign_in("bea@example.org", NEW)
    assert bea.is_signed_in


def test_a_weak_password_leaves_everything_as_it_was(command, world, bea):
    refusal = command.refused(
        "user", "set-password", "bea@example.org", "--password-stdin", stdin="bea@example.org 1\n"
    )

    assert "too easy" in refusal
    assert bea.is_signed_in


@pytest.mark.parametrize("verb", ["disable", "enable", "set-password", "groups"])
@pytest.mark.parametrize("login", ["nobody", "\x00", "x" * 300, ""])
def test_somebody_unknown_is_refused(command, world, verb, login):
    assert "There is no user" in command.refused("user", verb, login)


def test_the_last_administrator_stays(command, world, root):
    assert "nobody who can manage grants" in command.refused("user", "disable", "root")
    assert "nobody who can manage grants" in command.refused(
        "user", "groups", "root", "--remove", "admins"
    )
    assert "nobody who can manage grants" in command.refused("ungrant", "admins", "grant:manage")

    assert world.events("user_disabled", "group_member_removed", "grant_removed") == []


# ---------------------------------------------------------------- groups and grants


def test_groups_of_a_person_are_changed_and_listed(command, world, root):
    world.user("bea", "customers")

    said = command.done(
        "user", "groups", "bea", "--add", "support", "--add", "auditors", "--remove", "customers"
    )
    assert said.out.split() == ["GROUP", "auditors", "support"]

    assert command.done("user", "groups", "bea", "--remove", "support", "--json").json == [
        {"group": "auditors"}
    ]
    removed = [event.details["group"] for event in world.events("group_member_removed")]
    assert removed == ["customers", "support"]


def test_one_unknown_group_changes_none(command, world):
    world.user("bea", "customers")

    command.refused("user", "groups", "bea", "--add", "support", "--add", "nobody")

    assert command.done("user", "groups", "bea", "--json").json == [{"group": "customers"}]


def test_a_person_without_groups_has_an_empty_list(command, world):
    world.user("bea")

    assert command.done("user", "groups", "bea", "--json").json == []


def test_a_group_is_created_and_given_permissions(command, world, root):
    world.user("bea", "customers")
    command.done("group", "create", "partners")
    command.done("grant", "partners", "session:list", "--over", "customers")
    assert (
        "now has session:list over everyone"
        in command.done("grant", "partners", "session:list").out
    )
    assert "had session:list" in command.done("grant", "partners", "session:list").out
    command.done("user", "groups", "bea", "--add", "partners")

    rows = {row["group"]: row for row in command.done("group", "list", "--json").json}
    assert rows["partners"] == {
        "group": "partners",
        "members": 1,
        "grants": ["session:list over customers", "session:list over everyone"],
    }
    assert "session:list over customers" in command.done("group", "list").out

    command.done("ungrant", "partners", "session:list", "--over", "customers")
    assert (
        "did not have"
        in command.done("ungrant", "partners", "session:list", "--over", "customers").out
    )
    assert len(world.events("grant_removed")) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("group create Partners", "lower-case"),
        ("group create admins", "already a group"),
        ("grant nobody session:list", "no group"),
        ("grant support session:list --over nobody", "no group"),
        ("grant support session:fly", "no permission"),
        ("ungrant nobody session:list", "no group"),
        ("ungrant customers session:list --over nobody", "no group"),
        ("ungrant customers session:fly", "no permission"),
    ],
)
def test_groups_and_grants_that_cannot_be_are_refused(command, world, words, why):
    before = len(world.events())

    assert why in command.refused(*words.split())

    assert len(world.events()) == before


@pytest.mark.standard("S-121")
def test_no_secret_is_ever_printed(command, world, bea):
    command.done("user", "create", "mia", "--name", "Mia")
    with world.db() as db:
        digests = [link.token_hash for link in db.query(OneTimeLink)]
    (row,) = world.sessions()
    user = world.get_user(row.user_id)
    secret = [bea.cookie, row.csrf_token, row.token_hash.hex(), user.password_hash, PASSWORD]

    printed = [
        command.done(*words.split()).out
        for words in (
            "session list --state all",
            "session list --state all --json",
            "audit list --json",
            "audit export",
            "user groups bea@example.org --json",
            "group list --json",
            "purge",
            "check",
        )
    ]

    for text_ in [*secret, *(digest.hex() for digest in digests)]:
        assert json.dumps(text_)[1:-1] not in "".join(printed)
