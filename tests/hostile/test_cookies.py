"""Cookies that nobody issued: malformed, doubled, bent, look-alike, or somebody else's."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from govapp.models import Session
from govapp.sessions import store, tokens
from tests.hostile.answers import check_answer
from tests.hostile.site import LOGINS
from tests.hostile.values import MARKUP, TEXTS, bounded, raw
from tests.hostile.wire import send
from tests.support.staff import LIMITS
from tests.support.statements import counted

MALFORMED = {
    "empty": "",
    "four kilobytes": "A" * 4096,
    "a NUL": "\0",
    "a NUL at the end": "{token}\0",
    "a NUL, quoted": "%00",
    "bytes that are no text": "\xff\xfe",
    "letters that are not ASCII": "\xc3\xa9" * 43,
    "one too short": "A" * 42,
    "one too long": "{token}A",
    "quotes": "' OR 1=1--",
    "in quotation marks": '"{token}"',
    "with an octal escape": '"\\101{token}"',
    "quoted twice": "%2541",
    "a tab within": "{start}\t{end}",
    "a no-break space before": "\xa0{token}",
    "a separator after": "{token}\x1f",
    "another alphabet": "+/" + "A" * 41,
    "control characters": "\x01\x1b[31m\x7f",
    "markup": MARKUP,
    "several lines": "\x0b\x0c\x85",
    "an equals sign": "={token}",
}
# Names that are not exactly ours (RFC 6265bis, 5.4). Browsers let a neighbouring host set those
# with a blank that is not ASCII's, also in front of "__Host-".
LOOK_ALIKES = (
    "{NAME}",
    "{name}2",
    "x{name}",
    "${name}",
    "{name}.",
    "{name}[]",
    '"{name}"',
    "\xa0{name}",
    "{name}\xa0",
    "\x85{name}",
    "\x1f{name}",
    "{name}\x0b",
    "\xff{name}",
    "\xe2\x80\x80{name}",
    "a={name}",
    "a,{name}",
    "a {name}",
    "__Host-{name}",
)


def secret(site):
    """Return what the customer's session cookie holds."""
    return dict(part.split("=", 1) for part in site.cookies["customer"].split("; "))["govapp"]


def is_signed_in(site, cookie):
    answer = site.send("anonymous", "GET", b"/account/sessions", headers=[("Cookie", cookie)])
    check_answer(answer)
    assert answer.status in {200, 303, 400}
    return answer.status == 200


@pytest.mark.standard("S-007")
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_cookie_that_cannot_be_a_secret_is_never_looked_up(site, kind):
    token = secret(site)
    value = MALFORMED[kind].format(token=token, start=token[:20], end=token[20:])
    headers = [("Cookie", f"govapp={value}")]

    with counted() as sent:
        answer = site.send("anonymous", "GET", b"/account/sessions", headers=headers)

    check_answer(answer)
    assert answer.status in {303, 400}
    # The site itself asks whether there are attempts to forget.
    assert not [statement for statement in sent if "govapp_session" in statement]
    assert site.changed() == set()


@pytest.mark.standard("S-007")
@pytest.mark.parametrize("other", ["", "A" * 43, "{token}", "\xff", "x"])
@pytest.mark.parametrize("first", [True, False])
def test_of_two_cookies_of_our_name_neither_counts(site, other, first):
    token = secret(site)
    pair = [f"govapp={other.format(token=token)}", f"govapp={token}"]
    ordered = pair if first else pair[::-1]

    assert not is_signed_in(site, "; ".join(ordered))
    assert not is_signed_in(site, ";".join(ordered))


@pytest.mark.standard("S-014")
@pytest.mark.parametrize("like", LOOK_ALIKES)
def test_a_cookie_of_a_name_like_ours_is_none(site, like):
    name, token = like.replace("{name}", "govapp").replace("{NAME}", "GOVAPP"), secret(site)

    assert not is_signed_in(site, f"{name}={token}")
    # Planted beside the right one, it keeps nobody out.
    assert is_signed_in(site, f"{name}={'A' * 43}; govapp={token}")
    assert is_signed_in(site, f"govapp={token}; {name}={'A' * 43}")


@pytest.mark.standard("S-014")
@pytest.mark.parametrize("like", LOOK_ALIKES)
def test_a_visit_cookie_of_a_name_like_ours_is_none(site, like):
    """A neighbour's own visit, planted, would make its CSRF token that of the victim."""
    name = like.replace("{name}", "govapp-visit").replace("{NAME}", "GOVAPP-VISIT")
    value = visit(site)

    assert page_of_link(site, f"govapp-visit={value}") == 200
    assert page_of_link(site, f"{name}={value}") == 404
    assert page_of_link(site, f"govapp-visit={value}; {name}={value}") == 200
    assert page_of_link(site, f"govapp-visit={value}; govapp-visit={value}") == 404


@pytest.mark.standard("S-014")
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("like", [*LOOK_ALIKES, "__host-govapp", "__Secure-govapp", "govapp"])
def test_over_https_too_only_the_exact_name_counts(settings, app, world, like):
    user = world.user("bea")
    token = tokens.new_token()
    with world.db() as db:
        store.begin(db, token=token, user_id=user, method="password", address=None,
                    device="Firefox", limits=LIMITS, now=world.clock())  # fmt: skip
    name = like.replace("{name}", "__Host-govapp").replace("{NAME}", "__HOST-GOVAPP")

    assert status_over_https(app, f"__Host-govapp={token}") == 200
    assert status_over_https(app, f"{name}={token}") == 303


@pytest.fixture
def settings(settings):
    return settings | {
        "govapp.base_url": "https://localhost",
        "govapp.cookie_secure": "true",
    }


def status_over_https(app, cookie):
    headers = [("Cookie", cookie)]
    return send(
        app, "GET", b"/account/sessions", headers=headers, **{"wsgi.url_scheme": "https"}
    ).status


@pytest.mark.standard("S-003")
def test_what_the_database_keeps_of_a_secret_signs_nobody_in(site):
    with site.world.db() as db:
        rows = db.scalars(select(Session).where(Session.ended_at.is_(None))).all()

    assert rows
    for row in rows:
        for digest in (row.token_hash, row.token_hash[::-1]):
            whole = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            for stolen in (whole, digest.hex(), digest.hex()[:43], row.csrf_token):
                assert not is_signed_in(site, f"govapp={stolen}")
        assert not is_signed_in(site, f"govapp={row.public_id.hex}")


@pytest.mark.parametrize("who", LOGINS)
def test_no_cookie_breaks_a_page_or_changes_anything(site, who):
    pages = {"anonymous": b"/welcome", "customer": b"/account/password", "administrator": b"/admin"}
    bent = st.tuples(st.sampled_from(TEXTS).map(raw), st.binary(max_size=40)).map(b"".join)
    parts = st.lists(
        st.tuples(
            st.sampled_from([b"govapp=", b"govapp-visit=", b"$Version=", b"=", b"", b";", b"a="]),
            st.one_of(bent, st.binary(max_size=60), st.sampled_from([b"{real}", b'"', b"\\"])),
        ).map(b"".join),
        max_size=4,
    )

    @bounded(60)
    @given(parts=parts, method=st.sampled_from(["GET", "POST"]), beside=st.booleans())
    def holds(parts, method, beside):
        real = secret(site).encode()
        cookie = b"; ".join(parts).replace(b"{real}", real[:-1] + b"_")
        cookie = cookie.translate(None, b"\r\n").decode("latin-1")
        if beside:
            cookie = f"{site.cookies[who]}; {cookie}"
        body = site.form(who, [(b"new", b"short"), (b"current", b"wrong")])
        answer = site.send(
            who,
            method,
            pages[who],
            headers=[("Cookie", cookie)],
            body=body if method == "POST" else b"",
        )
        check_answer(answer)
        assert site.changed() == set()

    holds()


def test_a_visit_cookie_with_one_letter_changed_holds_nothing(site):
    """Whoever could change it would choose their own CSRF token, or somebody's one-time link."""
    value = visit(site)
    assert page_of_link(site, f"govapp-visit={value}") == 200

    # The last letter of each half may carry bits that mean nothing.
    meaning = [at for at in range(len(value) - 1) if "." not in value[at : at + 2]]
    assert len(meaning) > 100
    for at in meaning[:: len(meaning) // 50]:
        bent = value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
        assert page_of_link(site, f"govapp-visit={bent}") == 404, at


def visit(site):
    """Return the visit cookie of somebody with a one-time link, which shows a page."""
    cookies = dict(part.split("=", 1) for part in site.cookies["anonymous"].split("; "))
    return cookies["govapp-visit"]


def page_of_link(site, cookie):
    answer = site.send("anonymous", "GET", b"/welcome", headers=[("Cookie", cookie)])
    check_answer(answer)
    return answer.status
