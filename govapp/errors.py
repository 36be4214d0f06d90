"""The page that says what went wrong: needs no session, no database and no identity."""

from __future__ import annotations

import json
from typing import Any

from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response

PAGE = "govapp:ui/templates/error.jinja2"
PAGE_SIGNED_IN = "govapp:ui/templates/error_signed_in.jinja2"


def error_page(
    request: Request,
    status: int,
    *,
    title: str,
    message: str,
    next_step: str,
    incident: str | None = None,
    retry_after_seconds: int | None = None,
    signed_in: bool = False,
) -> Response:
    """Return an error as a page, or as JSON for a client that asks for it.

    ``signed_in`` frames it with who is signed in; only where that is already known.
    """
    response = Response(status=status)
    if wants_json(request):
        body: dict[str, Any] = {"error": title, "message": message}
        if incident:
            body["incident"] = incident
        response.content_type, response.text = "application/json", json.dumps(body)
    else:
        response.text = render(
            PAGE_SIGNED_IN if signed_in else PAGE,
            {"title": title, "message": message, "next_step": next_step, "incident": incident},
            request=request,
        )
    if retry_after_seconds is not None:
        response.headers["Retry-After"] = str(retry_after_seconds)
    return response


def wants_json(request: Request) -> bool:
    """Tell whether the client asked for JSON and not for a page."""
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept
