"""The two cookies, and when they may be sent.

Runs as a tween above pyramid_tm, after the transaction is over: what grants something goes only
with a commit that succeeded. Response callbacks would run even later, after an exception too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response

from govapp.facts import settings_of
from govapp.sessions import visit


def session_cookie_name(request: Request) -> str:
    """Return the name of the cookie that holds the secret."""
    return "__Host-govapp" if settings_of(request).cookie_secure else "govapp"


def visit_cookie_name(request: Request) -> str:
    """Return the name of the cookie that holds what an anonymous visitor needs."""
    return f"{session_cookie_name(request)}-visit"


def sent_secrets(request: Request) -> list[str]:
    """Return every value sent under the session cookie's exact name, in order."""
    return _sent(request, session_cookie_name(request))


def read_visit(request: Request) -> dict[str, Any]:
    """Return the state in the request's visit cookie, empty if there is none that is ours."""
    sent = _sent(request, visit_cookie_name(request))
    return visit.unseal(
        sent[0] if len(sent) == 1 else None, settings_of(request).secrets, now=request.now
    )


def _sent(request: Request, name: str) -> list[str]:
    """Return every value sent under exactly this name, in order.

    WebOb keeps one of several; two are a sign that somebody planted one, and neither counts. It
    also skips what cannot stand in a name, as ``str.strip`` takes no-break spaces for blanks:
    then a neighbouring host could set a cookie that browsers do not take for ``__Host-``.
    """
    pairs = (part.partition("=") for part in request.headers.get("Cookie", "").split(";"))
    return [value.strip(" \t") for key, _, value in pairs if key.strip(" \t") == name]


def cookie_tween_factory(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """Send the cookies that this response may carry."""

    def cookie_tween(request: Request) -> Response:
        response = handler(request)
        # Neither is there unless something asked for it: a static file costs nothing.
        session = vars(request).get("session")
        presented = vars(request).get("presented_session")
        if session is not None:
            _send(request, response, session)
        elif presented is not None and presented.sent and presented.live is None:
            _clear(request, response, session_cookie_name(request))
        return response

    return cookie_tween


def _send(request: Request, response: Response, session: Any) -> None:
    committed = request.committed
    presented = request.presented_session
    if session.new_token is not None and committed:
        _set(request, response, session_cookie_name(request), session.new_token, None)
    elif (session.left and committed) or (presented.sent and presented.live is None):
        _clear(request, response, session_cookie_name(request))
    _send_visit(request, response, session, committed=committed)


def _send_visit(request: Request, response: Response, session: Any, *, committed: bool) -> None:
    before = read_visit(request)
    state = session.visit_state(before, committed=committed)
    name = visit_cookie_name(request)
    if state == before:
        return
    if not state:
        _clear(request, response, name)
        return
    value = visit.seal(state, settings_of(request).secrets, now=request.now)
    if value is None:
        # Too large: messages are worth less than the token that lets the next form through.
        kept = {key: state[key] for key in ("csrf", "why") if key in state}
        value = visit.seal(kept, settings_of(request).secrets, now=request.now)
    _set(request, response, name, value or "", visit.LIFETIME_SECONDS)


def _set(request: Request, response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path="/",
        secure=settings_of(request).cookie_secure,
        httponly=True,
        samesite="Lax",
    )
    response.headers["Cache-Control"] = "no-store"


def _clear(request: Request, response: Response, name: str) -> None:
    # The same name, path and flags as when it was set, or browsers keep it (S-017).
    if _sent(request, name):
        _set(request, response, name, "", 0)
