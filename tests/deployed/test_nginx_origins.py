"""Forms that another site sends, through the proxy that the README recommends."""

import pytest

from tests.deployed.configuration import HOST, ORIGIN

FOREIGN = [
    "https://evil.example",
    f"https://forum.{HOST}",
    f"https://{HOST}.evil.example",
    f"https://{HOST}:8443",
    f"http://{HOST}",
    "null",
]


@pytest.mark.standard("S-073")
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_form_of_another_origin_ends_nothing_though_its_token_is_right(deployment, bea, origin):
    login, _ = bea
    here, elsewhere = deployment.person(), deployment.person()
    here.sign_in(login), elsewhere.sign_in(login)

    refused = here.post("/account/sessions/revocations", {"which": "others"}, Origin=origin)
    still_there = elsewhere.is_signed_in
    done = here.post("/account/sessions/revocations", {"which": "others"}, Origin=ORIGIN)

    assert refused.status == 400 and still_there
    assert done.status == 303 and not elsewhere.is_signed_in


@pytest.mark.standard("S-073")
@pytest.mark.parametrize(
    "sent",
    [
        *({"Origin": origin} for origin in FOREIGN),
        {"Referer": "https://evil.example/page"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
def test_a_sign_in_form_of_another_origin_signs_nobody_in(deployment, bea, sent):
    login, user = bea
    browser = deployment.person()

    answer = browser.sign_in(login, **sent)

    assert answer.status == 400
    assert browser.secret is None
    assert deployment.world.sessions(user) == []
