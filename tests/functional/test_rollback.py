"""Session state commits or rolls back with the request: the endings of a request, through HTTP."""

import pytest
from pyramid.httpexceptions import HTTPBadRequest, HTTPForbidden, HTTPSeeOther
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from govapp import sessions
from govapp.models import Group, NotBefore
from tests.support.world import PASSWORD


class Boom(Exception):
    """What a view of these tests raises."""


class Handled(Exception):
    """What an exception view of these tests answers with 200."""


def return_200(request):
    return Response("fine")


def return_303(request):
    return HTTPSeeOther("/somewhere")


def return_400(request):
    return Response("no", status=400)


def return_503(request):
    return Response("no", status=503)


def return_500_with_x_tm_commit(request):
    return Response("no", status=500, headers={"X-Tm": "commit"})


def raise_303(request):
    raise HTTPSeeOther("/somewhere")


def raise_400(request):
    raise HTTPBadRequest


def raise_403(request):
    raise HTTPForbidden


def raise_error(request):
    raise Boom


def raise_error_answered_with_200(request):
    raise Handled


def doom(request):
    request.tm.doom()
    return Response("fine")


def fail_at_flush(request):
    request.dbsession.add(Group(name=None, created_at=request.now))
    return Response("fine")


def fail_at_commit(request):
    def fail():
        raise Boom

    request.tm.get().addBeforeCommitHook(fail)
    return Response("fine")


KEEP = [return_200, return_303]
DROP = [
    return_400,
    return_503,
    return_500_with_x_tm_commit,
    raise_303,
    raise_400,
    raise_403,
    raise_error,
    raise_error_answered_with_200,
    doom,
    fail_at_flush,
    fail_at_commit,
]
ENDINGS = {ending.__name__: ending for ending in KEEP + DROP}


@pytest.fixture
def extend():
    def add_probes(config):
        def act(request):
            """Change the session in some way, then end the request in some way."""
            change = request.matchdict["change"]
            if change == "flash":
                request.session.flash("a message")
            elif change == "csrf":
                request.session.new_csrf_token()
            elif change == "sign-in":
                sessions.begin(request, request.matchdict["user"])
            elif change == "sign-out":
                sessions.end(request)
            elif change == "rotate":
                sessions.rotate(request)
            request.dbsession.merge(NotBefore(subject=f"business:{change}", instant=request.now))
            return ENDINGS[request.matchdict["ending"]](request)

        config.add_route("probe", "/probe/{change}/{ending}/{user}")
        config.add_view(act, route_name="probe", permission=NO_PERMISSION_REQUIRED)
        config.add_exception_view(lambda error, request: Response("handled"), context=Handled)

    return add_probes


def names(endings):
    return [ending.__name__ for ending in endings]


def business_rows(world):
    with world.db() as db:
        return db.query(NotBefore).filter(NotBefore.subject.like("business:%")).count()


@pytest.mark.standard("S-079")
@pytest.mark.parametrize("ending", names(DROP))
def test_a_sign_in_of_a_failed_request_leaves_no_session_and_no_cookie(world, browser, ending):
    user = world.user("bea")
    bea = browser()

    answer = bea.get(f"/probe/sign-in/{ending}/{user}", status="*")

    assert world.sessions() == []
    assert business_rows(world) == 0
    assert bea.cookie is None
    assert "X-Tm" not in answer.headers
    assert not bea.is_signed_in


@pytest.mark.standard("S-080")
@pytest.mark.parametrize("ending", names(KEEP))
def test_a_sign_in_of_a_request_that_returns_stands(world, browser, ending):
    user = world.user("bea")
    bea = browser()

    bea.get(f"/probe/sign-in/{ending}/{user}", status="*")

    assert world.only_session(user).ended_at is None
    assert business_rows(world) == 1
    assert bea.is_signed_in


@pytest.mark.standard("S-025")
@pytest.mark.parametrize("ending", names(DROP))
def test_a_sign_out_of_a_failed_request_leaves_session_and_cookie(world, browser, ending):
    user = world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    secret = bea.cookie

    bea.get(f"/probe/sign-out/{ending}/{user}", status="*")

    assert bea.cookie == secret
    assert world.only_session(user).ended_at is None
    assert bea.is_signed_in


@pytest.mark.parametrize("ending", names(KEEP))
def test_a_sign_out_of_a_request_that_returns_stands(world, browser, ending):
    user = world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    secret = bea.cookie

    bea.get(f"/probe/sign-out/{ending}/{user}", status="*")
    bea.cookie = secret

    assert world.only_session(user).end_reason == "signed-out"
    assert not bea.is_signed_in


@pytest.mark.parametrize("ending", names(DROP))
def test_a_rotation_of_a_failed_request_keeps_the_old_secret(world, browser, ending):
    user = world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    secret = bea.cookie

    bea.get(f"/probe/rotate/{ending}/{user}", status="*")

    assert bea.cookie == secret
    assert world.only_session(user).rotated_at is None
    assert bea.is_signed_in


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("ending", names(DROP))
def test_a_flash_of_a_failed_request_is_never_shown(world, browser, ending, signed_in):
    user = world.user("bea")
    bea = browser()
    if signed_in:
        bea.sign_in("bea")

    bea.get(f"/probe/flash/{ending}/{user}", status="*")
    page = bea.get("/account/sessions" if signed_in else "/sign-in", status=200)

    assert "a message" not in page.text


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("ending", names(KEEP))
def test_a_flash_of_a_request_that_returns_is_shown_once(world, browser, ending, signed_in):
    user = world.user("bea")
    bea = browser()
    if signed_in:
        bea.sign_in("bea")
    path = "/account/sessions" if signed_in else "/sign-in"

    bea.get(f"/probe/flash/{ending}/{user}", status="*")

    assert bea.get(path, status=200).text.count("a message") == 1
    assert "a message" not in bea.get(path, status=200).text


@pytest.mark.parametrize("ending", names(DROP))
def test_a_csrf_token_minted_in_a_failed_request_replaces_nothing(world, browser, ending):
    user = world.user("bea")
    bea = browser()
    bea.sign_in("bea")
    token = bea.csrf_token()

    bea.get(f"/probe/csrf/{ending}/{user}", status="*")

    bea.post("/confirm", {"csrf_token": token, "password": PASSWORD}, csrf=False, status=303)


@pytest.mark.standard("S-093")
def test_an_error_in_the_commit_is_a_plain_page_with_headers(world, browser):
    user = world.user("bea")

    answer = browser().get(f"/probe/flash/fail_at_commit/{user}", status=500)

    assert "Something went wrong" in answer.text
    assert "Boom" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
