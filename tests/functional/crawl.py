"""Every page of the application, as strangers, customers and staff see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pyramid.interfaces import IRoutesMapper
from sqlalchemy.exc import OperationalError

from tests.guards.source import PACKAGE
from tests.support.staff import begin

STATIC = sorted(f"/static/{path.name}" for path in (PACKAGE / "ui" / "static").iterdir())
# Addresses that no route has, or that cannot be read, and filters with an e-mail address.
BESIDE = [
    "/nowhere",
    "/static/nothing.css",
    "/account/sessions/x/revocation",
    "/sign-in?a=%ff",
    "/sign-in?next=/admin/users",
    "/admin/sessions?user=bea@example.org",
    "/admin/sessions?state=all",
    "/admin/audit?outcome=refused",
]
PROBES = ["/probe/broken", "/probe/lost"]


@dataclass(frozen=True)
class Visit:
    """Who asked for which address, and the answer."""

    who: str
    path: str
    answer: Any

    def __str__(self) -> str:
        return f"{self.who} {self.path} {self.answer.status_int}"

    @property
    def is_page(self) -> bool:
        return self.answer.content_type == "text/html" and bool(self.answer.body)


def add_probes(config: Any) -> None:
    """Add a page that raises, and one that loses the database."""

    def broken(request: Any) -> Any:
        raise RuntimeError

    def lost(request: Any) -> Any:
        raise OperationalError("select", {}, Exception())

    for view in (broken, lost):
        config.add_route(view.__name__, f"/probe/{view.__name__}")
        config.add_view(view, route_name=view.__name__, permission="signed-in")


def addresses(app: Any, **ids: str) -> list[str]:
    """Return the address of every route; ``session``, ``user`` and ``group`` name what is there."""
    found = []
    for route in app.registry.getUtility(IRoutesMapper).get_routes():
        if route.name.startswith(("__static", *("broken", "lost"))):
            continue
        id_ = ids["user"] if route.name.startswith("admin.user") else ids["session"]
        found.append(route.generate({"id": id_, "name": ids["group"], "token": "A" * 43}))
    return found


def crawl(app: Any, world: Any, browser: Any) -> list[Visit]:
    """Visit every address as nobody, as Bea (a customer) and as Ada (who may do everything)."""
    bea = world.user("bea@example.org", "customers", name="Bea Berg")
    ada = world.user("ada@example.org", "admins", name="ada@example.org")
    (session, *_) = begin(world, bea, count=3)
    browsers = {"stranger": browser(), "bea": browser(), "ada": browser()}
    browsers["bea"].sign_in("bea@example.org")
    browsers["ada"].sign_in("ada@example.org")

    own = {bea: world.sessions(bea)[-1], ada: world.only_session(ada)}
    visits = []
    for who, person in browsers.items():
        mine = own[ada if who == "ada" else bea].public_id.hex
        paths = {
            *addresses(app, session=session, user=bea, group="customers"),
            *addresses(app, session=mine, user=ada, group="admins"),
            *BESIDE,
            *STATIC,
            *PROBES,
        }
        for path in sorted(paths):
            visits.append(Visit(who, path, person.get(path, status="*")))
    for who, person in browsers.items():
        visits += _refused(who, person)
    return visits


def _refused(who: str, person: Any) -> list[Visit]:
    """Return the answers to forms and methods that are refused, as a page and as JSON."""
    json = {"Accept": "application/json"}
    post = person.test_app.post
    return [
        Visit(who, "wrong sign-in", person.sign_in("bea@example.org", "wrong", status="*")),
        Visit(who, "no token", post("/account/password", {"new": "x"}, status="*")),
        Visit(who, "no page", person.get("/nowhere", headers=json, status="*")),
        Visit(who, "json", person.get("/account/sessions?a=%ff", headers=json, status="*")),
        Visit(who, "PUT", person.test_app.request("/account/sessions", method="PUT", status="*")),
        Visit(who, "host", person.get("/", headers={"Host": "evil.example"}, status="*")),
    ]


def urls(page: Any) -> list[str]:
    """Return every URL in a page's attributes, forms' actions included, and in its header."""
    elements = page.html.find_all(True) if page.content_type == "text/html" else []
    found = [
        value
        for element in elements
        for name, value in element.attrs.items()
        if name in {"href", "src", "action", "formaction", "cite", "data"}
    ]
    inside = re.findall(r"(?:url\(|https?://)[^\s\"'<>)]*", page.text)
    return [*found, *inside, page.headers.get("Location", "")]
