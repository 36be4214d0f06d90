"""No form, filter, link, field or header may be new without being attacked.

What the lists of ``surface.py`` hold is compared with what pages really offer, and with what the
code reads. Whoever adds a field enters it there, and the attacks take it up.
"""

import ast
from urllib.parse import parse_qsl, urlsplit

import pytest
from bs4 import BeautifulSoup
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

from tests.guards.source import modules
from tests.hostile.asked import CHANGES
from tests.hostile.site import LOGINS
from tests.hostile.surface import FIELDS, HEADERS, KEYS, NAMED, SENDERS, named
from tests.hostile.values import raw
from tests.support import staff

TOKEN = "csrf_token"
ROWS_OF_TWO_PAGES = 51
# The functions and methods by which views read what was sent, and where the name stands.
READERS = {"posted": 1, "line": 1, "text": 1, "choice": 1, "_user_id": 1}
READ_FROM = {"GET", "POST", "params"}
# Read by WebOb for request.host, request.user_agent, request.referrer and the body.
BY_PROPERTY = {"Host", "User-Agent", "Referer", "Content-Type", "Content-Length"}


@pytest.fixture(scope="module")
def crowd(site):
    """So much to show that lists have a second page, and so link to it with a cursor."""
    world = site.world
    staff.begin(world, site.refs["{customer}"], count=ROWS_OF_TWO_PAGES)
    for number in range(ROWS_OF_TWO_PAGES):
        world.user(f"one-of-many-{number:03}", password=False)
    return site


@pytest.fixture(scope="module")
def offered(crowd):
    """Return what pages offer: {(method, route): names}, of every page that anybody can open."""
    found = {}
    for who in LOGINS:
        for page in pages(crowd, who):
            for method, address, names in asks_for(page):
                route = route_of(crowd, address)
                found.setdefault((method, route), set()).update(names)
    return found


def pages(site, who):
    """Yield every page that answers GET, once for each thing that it can be about."""
    for route in site.routes:
        if "GET" not in route.methods or route.name == "__static/":
            continue
        for name in NAMED.get(route.name, [""]):
            path = named(route, raw(name))
            for query in (b"", b"state=all", b"cursor=bad"):
                answer = site.get(who, site.resolve(path, who), query)
                if answer.header("Content-Type").startswith("text/html"):
                    yield BeautifulSoup(answer.body, "html.parser")


def asks_for(page):
    """Yield (method, address, names) of every form and every link of a page."""
    by_id = {form["id"]: form for form in page.find_all("form", id=True)}
    for form in page.find_all("form"):
        controls = [*form.find_all(name=True), *page.find_all(form=form.get("id") or "none")]
        names = {control["name"] for control in controls if control.get("name")}
        yield form.get("method", "get").upper(), form["action"], names - {TOKEN}
    for control in page.find_all(form=True):
        assert control["form"] in by_id, control
    for link in page.find_all("a", href=True):
        yield "GET", link["href"], {name for name, _ in parse_qsl(urlsplit(link["href"]).query)}


def route_of(site, address):
    mapper = site.app.registry.getUtility(IRoutesMapper)
    path = urlsplit(address).path
    return mapper(Request.blank(path))["route"].name if path.startswith("/") else None


def test_every_field_of_every_form_is_attacked(offered):
    posts = {route: names for (method, route), names in offered.items() if method == "POST"}

    assert {route: names - FIELDS[route].keys() for route, names in posts.items()} == {
        route: set() for route in posts
    }
    # What is attacked is really offered, too: the crawl has seen every form.
    assert posts.keys() == FIELDS.keys()
    assert {route: FIELDS[route].keys() - names for route, names in posts.items()} == {
        route: set() for route in posts
    }


def test_every_filter_and_every_key_of_a_link_is_attacked(offered):
    gets = {route: names for (method, route), names in offered.items() if method == "GET" and names}

    assert {route: names - KEYS[route].keys() for route, names in gets.items()} == {
        route: set() for route in gets
    }
    # "next" comes with a redirect, not with a link.
    unseen = {route: KEYS[route].keys() - gets.get(route, set()) for route in KEYS}
    assert {route: names for route, names in unseen.items() if names} == {
        "sign-in": {"next"},
        "confirm": {"next"},
    }


def test_every_route_is_attacked_with_what_it_names(site):
    forms = {route.name for route in site.routes if "POST" in route.methods}

    # These read nothing.
    assert forms - FIELDS.keys() <= {"home", "healthz", "readyz", "__static/"}
    assert FIELDS.keys() == SENDERS.keys() == CHANGES.keys() | {"admin.users.search"}
    assert {route.name for route in site.routes if route.placeholders} == NAMED.keys()


# ---------------------------------------------------------------- what the code reads


def calls():
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield node


def literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def name_of(node):
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


def test_every_name_that_a_view_reads_is_attacked():
    read = set()
    for call in calls():
        function = call.func
        if name_of(function) in READERS and len(call.args) > READERS[name_of(function)]:
            read.add(literal(call.args[READERS[name_of(function)]]))
        elif isinstance(function, ast.Attribute) and name_of(function.value) in READ_FROM:
            read |= {literal(argument) for argument in call.args[:1]}
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and name_of(node.value) in READ_FROM:
                read.add(literal(node.slice))

    attacked = {name for names in (*FIELDS.values(), *KEYS.values()) for name in names}
    # None stands for a name in a variable, which a caller with a literal gave.
    assert read - {None} - attacked == set()
    assert len(read) > 15


def test_every_header_that_is_read_is_attacked():
    read = {
        literal(call.args[0])
        for call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "get"
        and name_of(call.func.value) == "headers"
    }

    assert read - set(HEADERS) == set()
    assert "Sec-Fetch-Site" in read
    assert set(HEADERS) >= BY_PROPERTY
