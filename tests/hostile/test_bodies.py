"""Bodies and headers that lie: the right person, the right token, and a form out of shape."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.answers import check_answer
from tests.hostile.asked import CHANGES
from tests.hostile.bodies import HARMLESS, OF_FIELDS, REFUSED, URLENCODED
from tests.hostile.site import LOGINS
from tests.hostile.surface import FIELDS, HEADERS, SENDERS, named
from tests.hostile.values import HEADER_VALUES, bounded, header_values, raw

PAGES = (
    b"/sign-in",
    b"/account/password",
    b"/admin/users",
    b"/readyz",
    b"/static/govapp.css",
)


def forms(site):
    """Yield every form in order: its route and path, who sends it, its fields with the token."""
    for route in site.routes:
        if route.name not in FIELDS:
            continue
        who = SENDERS[route.name]
        fields = [
            (raw(name), site.resolve(raw(good[0]), who))
            for name, good in FIELDS[route.name].items()
        ]
        yield (
            route,
            site.resolve(named(route), who),
            who,
            [*fields, (b"csrf_token", raw(site.tokens[who]))],
        )


@pytest.mark.standard("S-077")
@pytest.mark.standard("S-095")
@pytest.mark.parametrize("shape", REFUSED)
def test_a_form_out_of_shape_does_nothing(site, shape):
    for route, path, who, fields in forms(site):
        if shape in OF_FIELDS and not FIELDS[route.name]:
            continue
        headers, body, environ = REFUSED[shape](fields)

        answer = site.send(who, "POST", path, headers=headers, body=body, **environ)

        check_answer(answer)
        assert site.changed() == set(), route.name
        assert answer.status in {303, 400, 403, 404} or route.name == "admin.users.search"


@pytest.mark.standard("S-095")
@pytest.mark.parametrize("shape", HARMLESS)
def test_a_form_of_any_shape_breaks_nothing(site, shape):
    for route, path, who, fields in forms(site):
        headers, body, environ = HARMLESS[shape](fields)

        answer = site.send(who, "POST", path, headers=headers, body=body, **environ)

        check_answer(answer)
        site.changed(CHANGES.get(route.name, set()))


def test_no_body_breaks_a_form(site):
    kinds = st.sampled_from([URLENCODED, "multipart/form-data; boundary=b", "", "application/json"])
    (route,) = (route for route in site.routes if route.name == "admin.groups")

    @bounded(80)
    @given(body=st.binary(max_size=200), kind=kinds, before=st.booleans())
    def holds(body, kind, before):
        token = site.form("administrator", [])
        body = token + b"&" + body if before else b"--b\r\n" + body
        answer = site.send(
            "administrator",
            "POST",
            raw(route.template),
            headers=[("Content-Type", kind)],
            body=body,
        )
        check_answer(answer)
        assert site.changed() == set()

    holds()


@pytest.mark.standard("S-104")
@pytest.mark.parametrize("header", HEADERS)
def test_no_value_of_a_header_breaks_a_page(site, header):
    body = site.form("customer", [])
    for number, value in enumerate(HEADER_VALUES):
        # What a body is meets every page, anything else one after the other.
        for page in PAGES if header == "Content-Type" else [PAGES[number % len(PAGES)]]:
            for method, sent in (("GET", b""), ("POST", body)):
                answer = site.send("customer", method, page, headers=[(header, value)], body=sent)
                check_answer(answer, page)
    assert site.changed() == set()


@pytest.mark.parametrize("who", LOGINS)
def test_no_header_breaks_a_page_or_changes_anything(site, who):
    one = st.tuples(st.sampled_from(HEADERS), header_values())
    pages = st.sampled_from(PAGES)

    @bounded(40)
    @given(headers=st.lists(one, min_size=1, max_size=4), page=pages, post=st.booleans())
    def holds(headers, page, post):
        body = site.form(who, [(b"which", b"nothing")]) if post else b""
        answer = site.send(who, "POST" if post else "GET", page, headers=headers, body=body)
        check_answer(answer, page)
        assert site.changed() == set()

    holds()
