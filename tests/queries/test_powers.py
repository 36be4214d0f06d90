"""Groups, members and grants: nobody gives what they do not hold, and somebody always can."""

import pytest
from sqlalchemy.exc import OperationalError

from govapp import giving, powers
from govapp.giving import KEYSTONE, Refused
from govapp.models import Grant as GrantRow
from govapp.models import Membership, Session
from govapp.policy import EVERYONE, NO_GRANTS, Grant, Permission
from govapp.powers import Power
from tests.queries.arrange import (
    SYSTEM,
    add_grant,
    add_group,
    add_member,
    add_user,
    begin,
    disable,
    events,
    get,
    remove_grant,
    remove_member,
)

LIST, REVOKE, MANAGE = (
    Permission.SESSION_LIST,
    Permission.SESSION_REVOKE,
    Permission.GRANT_MANAGE,
)


def grants(*pairs):
    return frozenset(Grant(*pair) if isinstance(pair, tuple) else Grant(pair) for pair in pairs)


@pytest.fixture
def groups(database, now):
    """Customers hold nothing, support holds something over them, admins manage grants."""
    with database.begin() as db:
        add_group(db, "customers", now=now)
        add_group(db, "support", (LIST, "customers"), (REVOKE, "customers"), now=now)
        add_group(db, "admins", MANAGE, now=now)
        return {"ada": add_user(db, "ada", groups=["admins"], now=now),
                "cas": add_user(db, "cas", groups=["customers"], now=now)}  # fmt: skip


# ---------------------------------------------------------------- group names


@pytest.mark.parametrize("name", ["a", "customers", "team-7", "a" * 40, "a-"])
def test_a_group_may_have_a_plain_name(database, now, name):
    with database.begin() as db:
        giving.create_group(db, name, actor=SYSTEM, now=now)

    with database() as db:
        assert powers.group_names(db) == [name]
    (event,) = events(database, "group_created")
    assert event.details == {"group": name}


@pytest.mark.parametrize(
    "name",
    [
        "",
        EVERYONE,
        "A",
        "7up",
        "-a",
        "a" * 41,
        "a b",
        "a\n",
        "a@b",
        "é",
        "a_b",
        "a/b",
        "\u0251",
        "a\x00",
    ],
)
def test_a_group_has_no_other_name(database, now, name):
    with database() as db, pytest.raises(Refused, match="A group's name has 1 to 40"):
        giving.create_group(db, name, actor=SYSTEM, now=now)


def test_a_group_exists_once(database, groups, now):
    with database() as db, pytest.raises(Refused, match="already a group support"):
        giving.create_group(db, "support", actor=SYSTEM, now=now)


def test_group_names_are_listed_in_order(database, groups):
    with database() as db:
        assert powers.group_names(db) == ["admins", "customers", "support"]


# ---------------------------------------------------------------- reading


def test_a_person_has_the_grants_of_all_their_groups(database, groups, now):
    with database.begin() as db:
        add_member(db, "support", groups["ada"].id, now=now)

    expected = Power(
        frozenset({"admins", "support"}),
        grants(MANAGE, (LIST, "customers"), (REVOKE, "customers")),
    )
    with database.begin() as db:
        assert powers.of_user(db, groups["ada"].id) == expected
        assert powers.locked_of_user(db, groups["ada"].id) == expected


def test_members_of_a_group_without_grants_and_strangers_hold_nothing(database, groups):
    with database() as db:
        assert powers.of_user(db, groups["cas"].id) == Power(frozenset({"customers"}), NO_GRANTS)
        assert powers.of_user(db, "stranger") == Power()
        assert powers.of_group(db, "customers") == NO_GRANTS
        assert powers.of_group(db, "nowhere") == NO_GRANTS


def test_columns_without_value_are_no_power():
    assert powers.parse(None, None) == powers.parse("", "") == Power()


# ---------------------------------------------------------------- nobody gives what they lack


GIVING = [
    # (held by the giver, the grant, allowed)
    (None, (LIST, EVERYONE), True),
    (grants(), (LIST, EVERYONE), False),
    (grants(MANAGE), (LIST, "customers"), False),
    (grants(MANAGE, LIST), (LIST, EVERYONE), True),
    (grants(MANAGE, LIST), (LIST, "customers"), True),
    (grants(MANAGE, (LIST, "customers")), (LIST, "customers"), True),
    (grants(MANAGE, (LIST, "customers")), (LIST, EVERYONE), False),
    (grants(MANAGE, (LIST, "customers")), (LIST, "support"), False),
    (grants(MANAGE), (Permission.SESSION_REVOKE_ANYONE, EVERYONE), False),
]


@pytest.mark.parametrize(("giver", "grant", "allowed"), GIVING)
def test_who_adds_a_grant_holds_it_over_at_least_as_much(
    database, groups, now, giver, grant, allowed
):
    with database() as db:
        if allowed:
            assert add_grant(db, "customers", Grant(*grant), giver=giver, now=now)
        else:
            with pytest.raises(Refused, match="cannot give what you do not hold"):
                add_grant(db, "customers", Grant(*grant), giver=giver, now=now)
            assert powers.of_group(db, "customers") == NO_GRANTS
        db.rollback()


@pytest.mark.parametrize(("giver", "grant", "allowed"), GIVING)
def test_who_takes_a_grant_away_holds_it_too(database, groups, now, giver, grant, allowed):
    with database() as db:
        add_grant(db, "customers", Grant(*grant), now=now)
        if allowed:
            assert remove_grant(db, "customers", Grant(*grant), giver=giver, now=now)
        else:
            with pytest.raises(Refused, match="cannot take away what you do not hold"):
                remove_grant(db, "customers", Grant(*grant), giver=giver, now=now)
            assert powers.of_group(db, "customers") == {Grant(*grant)}
        db.rollback()


MEMBERS = [
    # (held by who adds or removes, the group, allowed)
    (None, "support", True),
    (grants(), "customers", True),
    (grants(), "support", False),
    (grants((LIST, "customers")), "support", False),
    (grants((LIST, "customers"), (REVOKE, "customers")), "support", True),
    (grants(LIST, REVOKE), "support", True),
    (grants((LIST, "admins"), (REVOKE, "admins")), "support", False),
    (grants(LIST, REVOKE), "admins", False),
    (grants((MANAGE, "customers")), "admins", False),
    (grants(MANAGE), "admins", True),
]


@pytest.mark.parametrize(("giver", "group", "allowed"), MEMBERS)
def test_who_adds_a_member_holds_everything_that_this_confers(
    database, groups, now, giver, group, allowed
):
    with database() as db:
        newcomer = add_user(db, "new", now=now)
        if allowed:
            assert add_member(db, group, newcomer.id, giver=giver, now=now)
        else:
            with pytest.raises(Refused, match="cannot give what you do not hold"):
                add_member(db, group, newcomer.id, giver=giver, now=now)
        assert (group in powers.of_user(db, newcomer.id).groups) is allowed
        db.rollback()


@pytest.mark.parametrize(("giver", "group", "allowed"), MEMBERS)
def test_who_removes_a_member_holds_everything_that_this_takes(
    database, groups, now, giver, group, allowed
):
    with database() as db:
        member = add_user(db, "mem", groups=[group], now=now)
        if allowed:
            assert remove_member(db, group, member.id, giver=giver, now=now)
        else:
            with pytest.raises(Refused, match="cannot take away what you do not hold"):
                remove_member(db, group, member.id, giver=giver, now=now)
        assert (group in powers.of_user(db, member.id).groups) is not allowed
        db.rollback()


def test_a_refusal_lists_what_is_missing(database, groups, now):
    with database() as db, pytest.raises(Refused) as caught:
        add_member(db, "support", groups["cas"].id, giver=grants(), now=now)

    assert str(caught.value) == (
        "You cannot give what you do not hold yourself: session:list over customers,"
        " session:revoke over customers."
    )


@pytest.mark.parametrize(
    ("group", "grant", "message"),
    [
        ("nowhere", Grant(LIST), "There is no group 'nowhere'"),
        ("support", Grant(LIST, "nowhere"), "There is no group 'nowhere'"),
        ("support", Grant(LIST, ""), "There is no group ''"),
        ("support", Grant("session:everything"), "There is no permission 'session:everything'"),
        ("support", Grant(""), "There is no permission ''"),
        ("x" * 5000, Grant(LIST), "There is no group"),
    ],
)
def test_what_is_not_there_cannot_be_granted(database, groups, now, group, grant, message):
    with database() as db, pytest.raises(Refused, match=message) as caught:
        add_grant(db, group, grant, now=now)

    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("change", [add_member, remove_member])
def test_what_is_not_there_has_no_members(database, groups, now, change):
    with database() as db, pytest.raises(Refused, match="There is no group 'nowhere'"):
        change(db, "nowhere", groups["cas"].id, now=now)


# ---------------------------------------------------------------- once, recorded, and felt at once


def test_doing_what_is_done_already_changes_and_records_nothing(database, groups, now):
    cas = groups["cas"].id
    before = len(events(database))

    with database.begin() as db:
        assert add_member(db, "customers", cas, now=now) is False
        assert remove_member(db, "support", cas, now=now) is False
        assert add_grant(db, "support", Grant(LIST, "customers"), now=now) is False
        assert remove_grant(db, "support", Grant(LIST), now=now) is False

    assert len(events(database)) == before


@pytest.mark.standard("S-086")
def test_every_change_is_recorded_with_what_it_changed(database, groups, now):
    cas = groups["cas"].id

    with database.begin() as db:
        add_member(db, "support", cas, now=now)
        remove_member(db, "support", cas, now=now)
        add_grant(db, "customers", Grant(LIST, "support"), now=now)
        remove_grant(db, "customers", Grant(LIST, "support"), now=now)

    seen = [(e.event, e.subject_id, e.details) for e in events(database)[-4:]]
    granted = {"group": "customers", "permission": "session:list", "over": "support"}
    assert seen == [
        ("group_member_added", cas, {"group": "support"}),
        ("group_member_removed", cas, {"group": "support"}),
        ("grant_added", None, granted),
        ("grant_removed", None, granted),
    ]


@pytest.mark.parametrize("becomes_staff", ["by joining", "by a grant"])
def test_who_becomes_staff_has_staffs_limits_at_once(database, groups, now, becomes_staff):
    cas = groups["cas"].id
    with database.begin() as db:
        session = begin(db, cas, now=now)

    with database.begin() as db:
        if becomes_staff == "by joining":
            add_member(db, "support", cas, now=now)
        else:
            add_grant(db, "customers", Grant(LIST, "customers"), now=now)

    assert get(database, session).idle_seconds == 300
    assert (get(database, session).expires_at - now).total_seconds() == 1800


def test_joining_a_group_without_grants_shortens_nothing(database, groups, now):
    with database.begin() as db:
        session = begin(db, groups["ada"].id, now=now)
        add_member(db, "customers", groups["ada"].id, now=now)

    assert get(database, session).idle_seconds == session.idle_seconds == 600


# ---------------------------------------------------------------- the last who can give


def test_the_keystone_is_managing_grants_over_everyone():
    assert Grant(MANAGE, EVERYONE) == KEYSTONE


LAST = {
    "remove_member": lambda db, ada, now: remove_member(db, "admins", ada.id, now=now),
    "remove_grant": lambda db, ada, now: remove_grant(db, "admins", KEYSTONE, now=now),
    "disable": lambda db, ada, now: disable(db, ada, now=now),
}


@pytest.mark.parametrize("change", LAST)
@pytest.mark.parametrize("substitute", [None, "disabled", "over a group", "active"])
def test_somebody_active_always_manages_grants_over_everyone(
    database, groups, now, change, substitute
):
    ada = groups["ada"]
    with database.begin() as db:
        add_group(db, "deputies", now=now)
        second = add_user(db, "dep", groups=["deputies"], now=now)
        if substitute is not None:
            over = "customers" if substitute == "over a group" else EVERYONE
            add_grant(db, "deputies", Grant(MANAGE, over), now=now)
        if substitute == "disabled":
            disable(db, second, now=now)

    with database() as db:
        ada = db.merge(ada)
        if substitute == "active":
            LAST[change](db, ada, now)
        else:
            with pytest.raises(Refused, match="nobody who can manage grants over everyone"):
                LAST[change](db, ada, now)
        db.rollback()


def test_two_admins_cannot_each_remove_the_other(database, database_url, groups, now):
    """The second waits for the first, and then finds that it would be the last."""
    with database.begin() as db:
        bob = add_user(db, "bob", groups=["admins"], now=now)

    with database() as first, database() as second:
        remove_member(first, "admins", bob.id, now=now)
        if database_url.startswith("postgresql"):
            second.connection().exec_driver_sql("SET lock_timeout = '100ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                remove_member(second, "admins", groups["ada"].id, now=now)
            second.rollback()
        first.commit()
        with pytest.raises(Refused):
            remove_member(second, "admins", groups["ada"].id, now=now)


def test_nothing_else_is_kept_from_being_taken(database, groups, now):
    with database.begin() as db:
        remove_member(db, "customers", groups["cas"].id, now=now)
        for over in (LIST, REVOKE):
            remove_grant(db, "support", Grant(over, "customers"), now=now)

    with database() as db:
        assert db.query(Membership).count() == 1
        assert db.query(GrantRow).count() == 1
        assert db.query(Session).count() == 0
