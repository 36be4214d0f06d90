"""Answers to those who must sign in, or prove again who they are."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, forbidden_view_config

from govapp.errors import error_page, wants_json
from govapp.freshness import ConfirmationNeeded
from govapp.paths import path_of
from govapp.returning import HOME, page_to_return_to
from govapp.sessions import SessionEnded
from govapp.sessions.lookup import presented_session


@forbidden_view_config(is_authenticated=False)
@exception_view_config(SessionEnded)
def sign_in_first(error: Exception, request: Request) -> Response:
    """Send somebody who is not signed in to the sign-in page, which brings them back."""
    if wants_json(request):
        return error_page(
            request, 401, title="Not signed in", message="Sign in first.", next_step="Sign in."
        )
    if isinstance(error, SessionEnded):
        # It was alive when this request began: look again, to say why it is not.
        request.presented_session = presented_session(request)
        request.session.become_anonymous()
    if request.presented_session.over:
        request.session.remember("why", request.presented_session.over)
    return _to(request, "sign-in")


@exception_view_config(ConfirmationNeeded)
def confirm_first(error: Exception, request: Request) -> Response:
    """Send somebody whose proof is too old to the page where they prove it again."""
    if wants_json(request):
        return error_page(
            request,
            403,
            title="Confirmation needed",
            message="Prove again that it is you.",
            next_step="Confirm at /confirm.",
        )
    return _to(request, "confirm")


def _to(request: Request, route_name: str) -> Response:
    came_from = _page(request)
    query = {"next": came_from} if came_from != HOME else None
    return HTTPSeeOther(request.route_path(route_name, _query=query))


def _page(request: Request) -> str:
    """Return the page to come back to: this one, or the one that held the form."""
    if request.method == "POST":
        return page_to_return_to(request, path_of(request.referrer, host_url=request.host_url))
    # An address that somebody typed into a filter is not copied into another URL (S-066).
    personal = any("@" in value for value in request.GET.values())
    return page_to_return_to(request, request.path if personal else request.path_qs)
