"""Who the client is, behind the proxy that the README recommends."""

import pytest

from govapp.audit import Event
from tests.deployed.configuration import ORIGIN
from tests.deployed.conftest import ELSEWHERE
from tests.support.world import PASSWORD


@pytest.mark.standard("S-133")
@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"X_Forwarded_For": "6.6.6.6"},
        {"X_Forwarded_For": "6.6.6.6, 127.0.0.1"},
        {"X_Forwarded_For": "127.0.0.1"},
        {"X_Forwarded_For": "127.0.0.1, 127.0.0.1,"},
        {"X_Forwarded_For": "6.6.6.6, nonsense"},
        {"X_Real_IP": "6.6.6.6", "Forwarded": "for=6.6.6.6;proto=https"},
    ],
    ids=str,
)
def test_the_trail_shows_the_address_that_nginx_saw_whatever_a_client_claims(
    deployment, bea, claims
):
    login, user = bea

    deployment.person(**claims).sign_in(login, "not the password of anyone")
    deployment.person(**claims).sign_in(login)

    row = deployment.world.only_session(user)
    (signed_in,) = [e for e in deployment.world.events(Event.SIGNED_IN) if e.subject_id == user]
    failed = deployment.world.events(Event.SIGN_IN_FAILED)
    assert str(row.address) == str(signed_in.address) == ELSEWHERE
    assert {str(event.address) for event in failed} == {ELSEWHERE}


@pytest.mark.standard("S-133")
def test_two_people_behind_the_proxy_have_two_addresses(deployment, bea):
    login, user = bea

    for address in ("127.0.0.1", ELSEWHERE, "127.0.0.3"):
        assert deployment.person(address).sign_in(login).status == 303

    addresses = [str(row.address) for row in deployment.world.sessions(user)]
    assert addresses == ["127.0.0.1", ELSEWHERE, "127.0.0.3"]


@pytest.mark.standard("S-133")
def test_who_goes_round_the_proxy_is_believed_nothing(deployment, bea):
    login, user = bea
    browser = deployment.at(0, source=ELSEWHERE)

    page = browser.get("/sign-in")
    form = browser.post("/sign-in", {"login": login, "password": PASSWORD}, csrf=False)

    assert (page.status, page.location) == (308, f"{ORIGIN}/sign-in")
    assert form.status == 400
    assert deployment.world.sessions(user) == []
