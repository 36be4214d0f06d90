"""What holds on every page and every answer: who sees it, whatever the status."""

import pytest

from tests.functional.crawl import add_probes, crawl, urls

# One database says as much as two about headers and markup.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
WITH_CHARSET = {"text/html", "text/plain", "text/css", "text/javascript", "image/svg+xml"}


@pytest.fixture
def extend():
    return add_probes


@pytest.fixture
def visits(app, world, browser):
    return crawl(app, world, browser)


def test_the_crawl_meets_every_kind_of_answer(visits):
    """Or what holds for all of them would say nothing."""
    seen = {(visit.who, visit.answer.status_int) for visit in visits}

    for status in (200, 303, 400, 403, 404, 405, 500, 503):
        assert ("bea", status) in seen
    assert {("stranger", 200), ("stranger", 303), ("ada", 200)} <= seen
    assert len([visit for visit in visits if visit.who == "ada" and visit.is_page]) > 25


def test_no_address_breaks_anything(visits):
    broken = {visit.path for visit in visits if visit.answer.status_int == 500}

    assert broken == {"/probe/broken"}


@pytest.mark.standard("S-098")
@pytest.mark.standard("S-100")
@pytest.mark.standard("S-101")
@pytest.mark.standard("S-104")
def test_every_answer_has_the_security_headers(visits):
    for visit in visits:
        assert {name: visit.answer.headers.get(name) for name in HEADERS} == HEADERS, visit
        # "()" switches a feature off, for the page itself too.
        features = visit.answer.headers["Permissions-Policy"].split(", ")
        assert {"camera=()", "geolocation=()", "microphone=()"} <= set(features), visit
        assert all(feature.endswith("=()") for feature in features), visit


@pytest.mark.standard("S-100")
def test_every_answer_says_what_it_is_and_in_which_characters(visits):
    for visit in visits:
        media, _, charset = visit.answer.headers["Content-Type"].partition("; ")
        if media == "application/json":
            assert visit.answer.json
        else:
            assert media in WITH_CHARSET, visit
            assert charset.lower() == "charset=utf-8", visit


@pytest.mark.standard("S-018")
@pytest.mark.standard("S-102")
def test_nothing_but_static_files_is_ever_stored(visits):
    for visit in visits:
        if visit.path.startswith("/static/") and visit.answer.status_int == 200:
            assert "Set-Cookie" not in visit.answer.headers, visit
        else:
            assert visit.answer.headers["Cache-Control"] == "no-store", visit


@pytest.mark.standard("S-023")
def test_whoever_is_signed_in_can_sign_out_on_every_page(visits):
    pages = [
        visit
        for visit in visits
        if visit.who != "stranger" and visit.is_page and visit.answer.status_int in {200, 403, 404}
    ]

    assert {visit.answer.status_int for visit in pages} == {200, 403, 404}
    for visit in pages:
        forms = visit.answer.html.select('form[method=post][action$="/sign-out"]')
        assert len(forms) == 1, visit


@pytest.mark.standard("S-066")
@pytest.mark.standard("S-077")
def test_no_url_holds_an_address_or_a_token(visits, world):
    tokens = [row.csrf_token for row in world.sessions()]
    # Where somebody's own address is shown in full, so that it could have got into a URL.
    assert any("bea@example.org" in visit.answer.text for visit in visits if visit.who == "ada")

    for visit in visits:
        for url in urls(visit.answer):
            assert not [mark for mark in ("@", "%40", *tokens) if mark in url], (str(visit), url)


@pytest.mark.standard("S-104")
def test_no_other_origin_is_let_in(visits, browser):
    evil = {"Origin": "https://evil.example"}
    more = [browser().get(path, headers=evil) for path in ("/sign-in", "/static/govapp.css")]

    for answer in [*more, *(visit.answer for visit in visits)]:
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
