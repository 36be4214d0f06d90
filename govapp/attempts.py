"""Guesses at a password on the web: counted first, then answered."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from govapp import db, sessions, throttle
from govapp.audit import Event
from govapp.errors import error_page
from govapp.models import User
from govapp.passwords import Hasher
from govapp.policy import EndReason
from govapp.throttle import Bucket, Throttled

# NIST SP 800-63B-4, 5.2: repeated failure to reauthenticate ends the session.
OWN_PASSWORD_FAILURES = 5


def hasher_of(request: Request) -> Hasher:
    """Return the application's password hasher."""
    hasher: Hasher = request.registry["govapp.hasher"]
    return hasher


def reserve(request: Request, buckets: list[Bucket]) -> int:
    """Count one attempt, whatever comes of it; return how many there were. Raises Throttled.

    A request that pyramid_retry runs again is still the same attempt.
    """
    # The environ is what a request and its repetitions share.
    counted: dict[tuple[str, ...], int] = request.environ.setdefault("govapp.counted", {})
    keys = tuple(bucket.key for bucket in buckets)
    if keys not in counted:
        with db.independent_session(request.registry) as dbsession:
            counted[keys] = throttle.reserve(dbsession, buckets, now=request.now)
    return counted[keys]


def prove_own_password(request: Request, password: str) -> tuple[User | None, bool]:
    """Return the requester's row if this is their password, and whether it was the last try.

    The row is as it was read before the hash, outside the transaction. A right password takes
    the count back, whatever becomes of the request. Raises Throttled.
    """
    identity = request.identity
    bucket = Bucket(f"confirm:{identity.session_id}", free=OWN_PASSWORD_FAILURES)
    attempts = reserve(request, [bucket])
    user = db.read(request.registry, lambda reader: reader.get(User, identity.user_id))
    stored = user.password_hash if user is not None else None
    if not hasher_of(request).verify(stored, password):
        return None, attempts >= OWN_PASSWORD_FAILURES
    request.afterwards.append(
        (lambda dbsession: throttle.reset(dbsession, [bucket], now=request.now), False)
    )
    return user, False


def end_after_failures(request: Request) -> Response:
    """End the requester's session: whoever sits there does not know the password."""
    request.report(Event.CONFIRM_FAILED_MAX, subject_id=request.identity.user_id)
    sessions.end(request, reason=EndReason.CONFIRM_FAILED)
    request.session.remember("why", EndReason.CONFIRM_FAILED)
    return HTTPSeeOther(request.route_path("sign-in"))


def too_many(request: Request, throttled: Throttled, event: Event, **facts: Any) -> Response:
    """Record that an attempt came too soon, and say when the next may come."""
    request.report(event, reason="too many attempts", **facts)
    seconds = throttled.retry_after_seconds
    wait = f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
    return error_page(
        request,
        429,
        title="Too many attempts",
        message="There were too many attempts in a short time. This one was not checked.",
        next_step=f"Wait {wait}, then try again.",
        retry_after_seconds=seconds,
    )
