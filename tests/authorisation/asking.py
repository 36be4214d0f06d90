"""Sends the request of a cell, or a spoiled one, and tells in the matrix's words what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from webob import Request, Response

from govapp.audit import Event
from govapp.models import AuditEvent, Throttle
from tests.support.world import PASSWORD

# Long enough ago that the proof of signing in no longer serves for changes.
STALE = {"seconds": 601}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request.

    ``said`` is the matrix's word for it; "csrf" and "conf" are the refusals of a token and of an
    old proof; it ends in "!" if something changed that must not have. ``refusals`` are the names
    and actors of what was recorded as refused; ``rows`` is what stood in the database afterwards.
    """

    said: str
    response: Response
    refusals: list[tuple[str, str | None]]
    rows: dict[str, list[tuple[Any, ...]]]


def ask(stage, matrix, line, who, *, faults=(), json=False, extra=None):
    """Send a line's request as this person, with these faults; put back what it changed.

    Faults: "csrf" sends no token, "foreign" somebody else's, "conf" comes long after the proof,
    "form" leaves all fields empty. ``extra`` is sent in query, headers and form besides.
    """
    headers = headers_of(stage, who, accept="application/json" if json else "text/html")
    if line.target == "link":
        headers["Cookie"] = _with_link(stage, stage.people[who])
    path, fields = address(stage, line, who), None
    if line.method == "POST":
        fields = _fields(stage, matrix, line, who, faults)
    if extra:
        path += f"?{urlencode(extra)}"
        headers |= {f"X-{name}": value for name, value in extra.items()}
        fields = fields and [*extra.items(), *fields]
    return send(stage, line.method, path, headers, fields, later=STALE if "conf" in faults else {})


def headers_of(stage, who, *, accept="text/html"):
    """Return what this person's browser sends with every request, from a page of ours."""
    cookie = stage.people[who].cookie
    return {"Cookie": cookie, "Accept": accept, "Referer": "http://localhost/account/sessions"}


def address(stage, line, who):
    """Return the path of a line for this person."""
    target = target_id(stage, line, who)
    token = stage.link if line.target == "link" else "A" * 43
    path = line.path.replace("{id}", target).replace("{name}", target)
    file = "nothing.css" if line.target == "unknown" else "govapp.css"
    return path.replace("{token}", token).replace("*subpath", file)


def target_id(stage, line, who):
    """Return the id of the session, person or group that the line is about, as this person asks.

    Nobody has none of their own: they try with the customer's.
    """
    person, known = stage.people[who], stage.ids.get(line.kind, {})
    own = {
        ("sessions", "own"): person.own,
        ("sessions", "other"): person.other,
        ("users", "own"): person.user_id,
    }
    return own.get((line.kind, line.target)) or known.get(line.target) or known.get("customer", "")


def send(stage, method, path, headers, fields=None, *, later=()):
    """Send a request ``later`` (a duration) and return the Answer; put back what it changed."""
    request = Request.blank(path, base_url="http://localhost", method=method, POST=fields)
    request.method = method
    request.headers.update(headers)
    request.environ["REMOTE_ADDR"] = "203.0.113.7"
    now = stage.clock.now
    stage.clock.advance(**dict(later))
    try:
        response = request.get_response(stage.app)
        _ = response.body  # Read, so that a file is closed.
    finally:
        stage.clock.now = now
    after, events = stage.look()
    if after != stage.arranged or any(event.fold_key for event in events):
        # Also where the next refusal would only be counted on top of this one.
        stage.restore()
    refusals = [(e.event, e.actor_id) for e in events if e.outcome == "refused"]
    return Answer(_said(response, stage.arranged, after, refusals), response, refusals, after)


def _said(response, before, after, refusals):
    changed = {name for name in before if before[name] != after[name]} - {Throttle.__tablename__}
    # A message for the person who asked is no change, but an error leaves none.
    effects = changed - {"flash"}
    if response.status_int != 303:
        by_csrf = any(event == Event.CSRF_REFUSED for event, _ in refusals)
        return ("csrf" if by_csrf else str(response.status_int)) + "!" * bool(changed)
    if effects:
        return "done" if AuditEvent.__tablename__ in effects and len(effects) > 1 else "303!"
    location = urlsplit(response.location)
    asked = location.path if location.query.startswith("next=") else ""
    return {"/sign-in": "sign", "/confirm": "conf"}.get(asked, "goes")


def _fields(stage, matrix, line, who, faults):
    token = stage.people[who].csrf
    if "foreign" in faults:
        token = stage.people["cust" if who != "cust" else "supp"].csrf
    fields = [] if "csrf" in faults else [("csrf_token", token)]
    if "form" in faults:
        return fields
    values = {
        "id": target_id(stage, line, who),
        "login": stage.logins.get(line.target) or stage.people[who].login,
        "password": PASSWORD,
    }
    said = matrix.sends[line.sends].items()
    return fields + [(name, text.format(**values)) for name, text in said]


def _with_link(stage, person):
    """Return the cookies of this person once they have opened the one-time link."""
    request = Request.blank(f"/welcome/{stage.link}", base_url="http://localhost")
    request.headers["Cookie"] = person.cookie
    visit = request.get_response(stage.app).headers["Set-Cookie"].partition(";")[0]
    others = [part for part in person.cookie.split("; ") if not part.startswith("govapp-visit=")]
    return "; ".join([*others, visit])
