"""Where one may be sent after signing in: a path on this site, and nothing that looks like one."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.paths import MAX_LENGTH, local_path, path_of

HOST = "https://sessions.example.org"


@pytest.mark.standard("S-021")
@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        " ",
        "//evil.example",
        "///evil.example",
        "https://evil.example",
        "https:/evil.example",
        "https:evil.example",
        "HTTPS://evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "\\\\evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "/a\\..\\b",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/\x00/evil.example",
        "/\x0b/evil.example",
        "/\x7f/evil.example",
        "/\u2028/evil.example",
        "/\u00a0/evil.example",
        "/\u200b/evil.example",
        "/\u202e/evil.example",
        "\ufeff//evil.example",
        "%2f%2fevil.example",
        "evil.example",
        "@evil.example",
        ".evil.example",
        "?next=/",
        "#/",
        "./admin",
        "../admin",
        "/a\r\nSet-Cookie: a=b",
        "/" + "a" * 5000,
    ],
)
def test_other_places_are_refused(text):
    assert local_path(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "/",
        "/account/sessions",
        "/admin/sessions?state=live&cursor=7",
        "/a?next=//evil.example",
        "/a#b",
        "/a:b@c",
        # A browser sends an escaped slash to this site, as part of a path.
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "/..//evil.example",
        "/" + "a" * (MAX_LENGTH - 1),
    ],
)
def test_paths_of_this_site_are_kept_as_they_are(text):
    assert local_path(text) == text


def test_a_path_one_character_too_long_is_refused():
    assert local_path("/" + "a" * MAX_LENGTH) is None


def test_a_path_can_go_into_a_header():
    # What is not ASCII stands escaped in a URL; as it is, no server could send it.
    assert local_path("/\u2603") is None
    assert local_path("/%E2%98%83") == "/%E2%98%83"


@pytest.mark.standard("S-021")
@given(st.text(alphabet="/\\.:@?#%\t\n\r \x00ahtps2f\u2028", max_size=12))
def test_whatever_is_kept_leads_to_this_host(text):
    kept = local_path(text)

    if kept is not None:
        # Browsers read a backslash as a slash and drop tabs and line ends.
        seen = "".join(c for c in kept if c not in "\t\r\n").replace("\\", "/").strip()
        assert urlsplit(urljoin(f"{HOST}/sign-in", seen)).netloc == urlsplit(HOST).netloc


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (None, None),
        ("", None),
        (HOST, None),
        (f"{HOST}/", "/"),
        (f"{HOST}/account/sessions?a=b#c", "/account/sessions?a=b"),
        (f"{HOST}/?", "/"),
        (f"{HOST}.evil.example/account", None),
        (f"{HOST}@evil.example/account", None),
        (f"{HOST}:8443/account", None),
        (f"{HOST}//evil.example", None),
        (f"{HOST}/\\evil.example", None),
        ("http://sessions.example.org/account", None),
        ("https://evil.example/account", None),
        ("/account", None),
    ],
)
def test_only_a_page_of_this_host_has_a_local_path(url, path):
    assert path_of(url, host_url=HOST) == path


@given(st.text(max_size=30))
def test_no_referrer_is_an_error(rest):
    path_of(f"{HOST}/{rest}", host_url=HOST)
