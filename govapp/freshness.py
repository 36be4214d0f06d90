"""Changes need a recent proof of identity (S-038): the view option ``fresh=True``.

Checked after permission and CSRF, before the view runs. Who is not fresh is answered by the
exception view for :class:`ConfirmationNeeded`, and presses the button again afterwards: nothing
is replayed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden
from pyramid.request import Request
from pyramid.response import Response

from govapp.facts import settings_of

View = Callable[[Any, Request], Response]


class ConfirmationNeeded(HTTPForbidden):
    """Raised when the requester must first prove again who they are."""


def includeme(config: Configurator) -> None:
    """Add the view option."""
    config.add_view_deriver(fresh_view, "fresh", under="csrf_view", over="owrapped_view")


def fresh_view(view: View, info: Any) -> View:
    """Wrap a view that has ``fresh=True``."""
    if not info.options.get("fresh"):
        return view

    def wrapper(context: Any, request: Request) -> Response:
        fresh_seconds = settings_of(request).fresh_seconds
        if not request.identity.is_fresh(now=request.now, fresh_seconds=fresh_seconds):
            raise ConfirmationNeeded
        return view(context, request)

    return wrapper


fresh_view.options = ("fresh",)  # type: ignore[attr-defined]
