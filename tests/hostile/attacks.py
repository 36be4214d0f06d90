"""Whole requests to a route, as strategies of hypothesis: method, path, query, form, headers."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.hostile.surface import FIELDS, HEADERS, KEYS, NAMED, Route
from tests.hostile.values import header_values, hostile, pairs, raw, values

Pairs = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Attack:
    """A request; what stands in braces is put in by the site (``Site.resolve``)."""

    route: Route
    method: str
    path: bytes
    query: Pairs = field(default_factory=list)
    fields: Pairs = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)


@st.composite
def attacks(draw, route):
    """Draw a request to a route: about half of them in order but for a thing or two."""
    method = draw(st.sampled_from([*sorted(route.methods)] * 6 + ["HEAD", "GET", "POST", "BREW"]))
    return Attack(
        route,
        method,
        draw(paths(route)),
        draw(queries(route)),
        draw(pairs(FIELDS.get(route.name, {}))) if method == "POST" else [],
        draw(headers()),
    )


def queries(route):
    """Return a strategy for what stands behind the path: filters, and fields where none belong."""
    filters = pairs(KEYS.get(route.name, {}))
    return st.one_of(st.just([]), filters, filters, pairs(FIELDS.get(route.name, {})))


@st.composite
def paths(draw, route):
    """Draw a path of a route, unquoted: with what it names, with something else, or bent."""
    path = raw(route.template)
    for name in route.placeholders:
        chosen = draw(values(NAMED.get(route.name, [])))
        path = path.replace(b"{" + name.encode() + b"}", chosen)
    if not draw(st.sampled_from((False,) * 5 + (True,))):
        return path
    beginning = draw(st.sampled_from((b"", b"/", b"/.", b"/static/..", b"x")))
    ending = st.sampled_from(
        (b"/", b"//", b"/..", b"/../", b"/.", b"\n", b"\0", b"\xff", b";x", b"?")
    )
    return beginning + path + draw(st.one_of(ending, hostile()))


def headers():
    """Return a strategy for headers: mostly none, so that most requests get through."""
    one = st.tuples(st.sampled_from(HEADERS), header_values())
    return st.one_of(st.just([]), st.just([]), st.just([]), st.lists(one, max_size=3))
