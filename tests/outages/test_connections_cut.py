"""The database ends a connection in the middle of a request: wholly done, or not at all."""

import pytest

from tests.outages.arrange import (
    DEEDS,
    Cut,
    assert_nothing_held,
    assert_unavailable,
    change_password,
    confirm,
    effects,
    engines,
    sign_in,
    terminate_all,
)
from tests.support.staff import begin, listed_sessions
from tests.support.tables import dump, forget_guesses

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
MAX_STATEMENTS = 60


def name(value):
    return getattr(value, "__name__", value)


def cut_everywhere(world, browser, deed, engine, places):
    """Do the deed, cut at one place after the other, until it is done; return where it was not.

    What is refused leaves everything as it was, and the session works on.
    """
    token, refused_at = browser.csrf_token(), []
    for place in places:
        forget_guesses(world.engine)
        at_first, on_record = dump(world.engine), effects(world)
        with Cut(world, engines(world.app)[engine], before=place) as cut:
            answer = deed(browser, token)
        assert_nothing_held(world.app)
        if answer.status_int == 303:
            assert effects(world) - on_record == DEEDS[deed]
            return refused_at, cut.happened
        assert cut.happened
        assert_unavailable(answer)
        assert dump(world.engine) == at_first
        assert browser.is_signed_in
        refused_at.append(place)
    raise AssertionError(f"not done in spite of {MAX_STATEMENTS} tries")


@pytest.mark.standard("S-078")
@pytest.mark.standard("S-093")
@pytest.mark.parametrize("deed", DEEDS, ids=name)
def test_a_deed_whose_connection_is_cut_is_undone_wholly(world, bea, deed):
    """Cut before the COMMIT, before the first statement, and between any two."""
    begin(world, world.sessions()[0].user_id, count=2)

    refused_at, was_cut = cut_everywhere(
        world, bea, deed, "writer", ["COMMIT", *range(1, MAX_STATEMENTS)]
    )

    assert not was_cut, "it was done only when nothing was left to cut"
    assert refused_at == ["COMMIT", *range(1, len(refused_at))]
    assert len(refused_at) > 5


@pytest.mark.standard("S-087")
@pytest.mark.parametrize("deed", [confirm, change_password, sign_in], ids=name)
def test_a_guess_that_cannot_be_counted_is_not_answered(world, bea, deed):
    """The independent connection is cut; what it writes after the commit may go missing."""
    begin(world, world.sessions()[0].user_id, count=2)

    refused_at, was_cut = cut_everywhere(
        world, bea, deed, "independent", ["COMMIT", *range(1, MAX_STATEMENTS)]
    )

    assert refused_at[:2] == ["COMMIT", 1]
    assert was_cut, "the count is taken back after the commit: the deed stands without it"


@pytest.mark.parametrize("deed", DEEDS, ids=name)
def test_a_connection_that_was_lost_before_the_look_up_is_replaced(world, bea, deed):
    """Nothing was asked yet, so nobody has to try again."""
    begin(world, world.sessions()[0].user_id, count=2)

    refused_at, was_cut = cut_everywhere(world, bea, deed, "reader", [1])

    assert (refused_at, was_cut) == ([], True)


@pytest.mark.standard("S-094")
@pytest.mark.parametrize("path", ["/account/sessions", "/admin/sessions", "/admin/users", "/admin"])
def test_a_page_whose_connection_is_cut_is_not_half_a_page(world, browser, path):
    world.user("ada", "admins")
    ada = browser()
    ada.sign_in("ada")
    whole = listed_sessions(ada.get(path, status=200))

    for place in range(1, MAX_STATEMENTS):
        with Cut(world, engines(world.app)["reader"], before=place) as cut:
            answer = ada.get(path, status="*")
        assert_nothing_held(world.app)
        if answer.status_int == 200:
            assert listed_sessions(answer) == whole
            if not cut.happened:
                break
        else:
            assert_unavailable(answer)
    assert place > 2


@pytest.mark.standard("S-094")
@pytest.mark.parametrize("path", ["/account/sessions", "/sign-in", "/admin/sessions", "/confirm"])
def test_who_cannot_be_looked_up_is_not_taken_for_nobody(world, bea, path):
    with Cut(world, engines(world.app)["reader"], before=1, times=2):
        answer = bea.get(path, status="*")

    assert_unavailable(answer)
    assert bea.is_signed_in


def test_every_pooled_connection_may_have_been_lost_meanwhile(world, bea, browser):
    """A firewall forgets idle connections: the next person of each kind notices nothing."""
    someone = browser()
    for _ in range(2):
        terminate_all(world)
        someone.sign_in("bea", status=303)
        terminate_all(world)
        bea.confirm(status=303)
        terminate_all(world)
        bea.get("/account/sessions", status=200)
