"""Who may do what to whom: one row per line of the rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp import policy
from govapp.policy import ACTING, EVERYONE, MEANING, NO_GRANTS, Grant, Permission

LIST, REVOKE, ANYONE = (
    Permission.SESSION_LIST,
    Permission.SESSION_REVOKE,
    Permission.SESSION_REVOKE_ANYONE,
)
MANAGE = Permission.USER_MANAGE


def grants(*pairs):
    """Return grants from ("session:list", "customers") pairs, or a permission over everyone."""
    return frozenset(Grant(*pair) if isinstance(pair, tuple) else Grant(pair) for pair in pairs)


@pytest.mark.parametrize(
    ("held", "asked", "groups"),
    [
        (grants(), [LIST], set()),
        (grants(LIST), [LIST], {EVERYONE}),
        (grants((LIST, "a")), [LIST], {"a"}),
        (grants((LIST, "a"), (LIST, "b")), [LIST], {"a", "b"}),
        (grants((LIST, "a"), LIST), [LIST], {"a", EVERYONE}),
        (grants((LIST, "a"), (REVOKE, "b")), [LIST], {"a"}),
        (grants((LIST, "a"), (REVOKE, "b")), [LIST, REVOKE], {"a", "b"}),
        (grants((LIST, "a")), [], set()),
        (grants(ANYONE), [REVOKE], set()),
    ],
)
def test_scope_is_what_one_of_the_permissions_is_held_over(held, asked, groups):
    assert policy.scope(held, *asked) == groups


@pytest.mark.parametrize(
    ("scope", "groups", "covered"),
    [
        (set(), [], False),
        (set(), ["a"], False),
        ({"a"}, [], False),
        ({"a"}, ["a"], True),
        ({"a"}, ["b"], False),
        ({"a"}, ["b", "a"], True),
        ({"a", "b"}, ["b"], True),
        ({EVERYONE}, [], True),
        ({EVERYONE}, ["a"], True),
        # Somebody in a group named like the sign for everyone would cover nobody else.
        ({"a"}, [EVERYONE], False),
    ],
)
def test_a_scope_covers_members_of_its_groups_or_everyone(scope, groups, covered):
    assert policy.covers(frozenset(scope), groups) is covered


@pytest.mark.parametrize(
    ("held", "other", "missing"),
    [
        (grants(), grants(), grants()),
        (grants(LIST), grants(), grants()),
        (grants(), grants(LIST), grants(LIST)),
        (grants(LIST), grants(LIST), grants()),
        (grants(LIST), grants((LIST, "a")), grants()),
        (grants((LIST, "a")), grants((LIST, "a")), grants()),
        (grants((LIST, "a")), grants(LIST), grants(LIST)),
        (grants((LIST, "a")), grants((LIST, "b")), grants((LIST, "b"))),
        # Two groups together are never everyone.
        (grants((LIST, "a"), (LIST, "b")), grants(LIST), grants(LIST)),
        (grants(LIST), grants(LIST, REVOKE), grants(REVOKE)),
        # The stronger permission does not stand for the weaker one when giving.
        (grants(ANYONE), grants(REVOKE), grants(REVOKE)),
        (grants(LIST, REVOKE), grants((LIST, "a"), (REVOKE, "b")), grants()),
    ],
)
def test_lacking_is_what_the_other_holds_over_more(held, other, missing):
    assert policy.lacking(held, other) == missing
    assert policy.dominates(held, other) is (missing == NO_GRANTS)


ALL_GRANTS = st.frozensets(
    st.builds(Grant, st.sampled_from(Permission), st.sampled_from([EVERYONE, "a", "b"])),
    max_size=6,
)


@given(ALL_GRANTS, ALL_GRANTS, ALL_GRANTS)
def test_dominance_is_an_order(one, two, three):
    assert policy.dominates(one, one)
    assert policy.dominates(one | two, two)
    if policy.dominates(one, two) and policy.dominates(two, three):
        assert policy.dominates(one, three)


@pytest.mark.parametrize(
    ("held", "permission", "target_groups", "target_grants", "allowed"),
    [
        # Seeing: a grant that covers the person, and no more.
        (grants(), LIST, ["a"], grants(), False),
        (grants((LIST, "a")), LIST, ["a"], grants(), True),
        (grants((LIST, "a")), LIST, ["b"], grants(), False),
        (grants((LIST, "a")), LIST, [], grants(), False),
        (grants(LIST), LIST, [], grants(), True),
        (grants((LIST, "a")), LIST, ["a"], grants(REVOKE), True),
        (grants((REVOKE, "a")), LIST, ["a"], grants(), False),
        # Acting: a grant that covers the person, and everything that the person holds.
        (grants((REVOKE, "a")), REVOKE, ["a"], grants(), True),
        (grants((REVOKE, "a")), REVOKE, ["b"], grants(), False),
        (grants((REVOKE, "a")), REVOKE, ["a"], grants((REVOKE, "a")), True),
        (grants((REVOKE, "a")), REVOKE, ["a"], grants((REVOKE, "b")), False),
        (grants((REVOKE, "a")), REVOKE, ["a"], grants(REVOKE), False),
        (grants((REVOKE, "a")), REVOKE, ["a"], grants(LIST), False),
        (grants((REVOKE, "a"), LIST), REVOKE, ["a"], grants(LIST), True),
        (grants(MANAGE), MANAGE, ["a"], grants(), True),
        (grants(MANAGE), MANAGE, ["a"], grants(LIST), False),
        (grants(MANAGE, LIST), MANAGE, ["a"], grants((LIST, "a")), True),
        # revoke-anyone waives dominance where it covers the person, for ending sessions …
        (grants(ANYONE), REVOKE, [], grants(MANAGE), True),
        (grants((ANYONE, "a")), REVOKE, ["a"], grants(MANAGE), True),
        (grants((ANYONE, "a")), REVOKE, ["b"], grants(), False),
        (grants((ANYONE, "a"), REVOKE), REVOKE, ["b"], grants(MANAGE), False),
        (grants((ANYONE, "a"), REVOKE), REVOKE, ["b"], grants(), True),
        # … and for nothing else.
        (grants(ANYONE), LIST, ["a"], grants(), False),
        (grants(ANYONE), MANAGE, ["a"], grants(), False),
        (grants(ANYONE, MANAGE), MANAGE, ["a"], grants(LIST), False),
    ],
)
def test_who_may_do_what_to_whom(held, permission, target_groups, target_grants, allowed):
    decision = policy.may(
        held, permission, target_groups=target_groups, target_grants=target_grants
    )

    assert decision.allowed is allowed
    assert decision.reason


def test_a_refusal_for_lack_of_cover_names_the_permission():
    decision = policy.may(grants(), LIST, target_groups=["a"], target_grants=grants())

    assert decision.reason == "no grant of session:list covers the person"


def test_a_refusal_for_lack_of_dominance_names_what_the_person_holds_more():
    decision = policy.may(
        grants(REVOKE), REVOKE, target_groups=[], target_grants=grants(LIST, (MANAGE, "a"))
    )

    assert decision.reason == (
        "the person holds more: session:list over everyone, user:manage over a"
    )


def test_groups_may_come_as_any_iterable_and_are_asked_twice():
    held = grants((REVOKE, "a"), (ANYONE, "b"))

    decision = policy.may(held, REVOKE, target_groups=iter(["a"]), target_grants=grants())

    assert decision.allowed


@given(ALL_GRANTS, st.sampled_from(Permission), st.lists(st.sampled_from("ab")), ALL_GRANTS)
def test_nobody_acts_without_cover(held, permission, groups, target):
    decision = policy.may(held, permission, target_groups=groups, target_grants=target)

    stands_for = {permission, ANYONE} if permission == REVOKE else {permission}
    covered = policy.covers(policy.scope(held, *stands_for), groups)
    assert covered or not decision.allowed


@given(ALL_GRANTS, st.sampled_from(sorted(ACTING)), st.lists(st.sampled_from("ab")), ALL_GRANTS)
def test_nobody_acts_on_someone_stronger_but_by_revoke_anyone(held, permission, groups, target):
    without = frozenset(grant for grant in held if grant.permission != ANYONE)

    decision = policy.may(without, permission, target_groups=groups, target_grants=target)

    assert policy.dominates(without, target) or not decision.allowed


def test_every_permission_has_a_meaning_in_words():
    assert set(MEANING) == set(Permission)


def test_a_grant_is_written_as_people_say_it():
    assert policy.str_of(Grant(LIST)) == "session:list over everyone"
    assert policy.str_of(Grant(LIST, "customers")) == "session:list over customers"
