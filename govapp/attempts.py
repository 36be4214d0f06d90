"""Guesses at a password on the web: counted first, then answered."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response

from govapp import db, throttle
from govapp.errors import error_page
from govapp.passwords import Hasher
from govapp.throttle import Bucket, Throttled


def hasher_of(request: Request) -> Hasher:
    """Return the application's password hasher."""
    hasher: Hasher = request.registry["govapp.hasher"]
    return hasher


def reserve(request: Request, buckets: list[Bucket]) -> int:
    """Count one attempt, whatever comes of it; return how many there were. Raises Throttled."""
    with db.independent_session(request.registry) as dbsession:
        return throttle.reserve(dbsession, buckets, now=request.now)


def too_many(request: Request, throttled: Throttled) -> Response:
    """Say when the next attempt may come."""
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


def confirm_bucket(session_id: str) -> Bucket:
    """Return what guesses by somebody signed in count under: their session."""
    return Bucket(f"confirm:{session_id}", free=5)
