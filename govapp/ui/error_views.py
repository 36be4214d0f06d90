"""Error pages: what happened and what to do next, nothing internal (S-092)."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from pyramid.exceptions import BadCSRFOrigin, BadCSRFToken
from pyramid.httpexceptions import HTTPBadRequest, HTTPClientError, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import exception_view_config, forbidden_view_config, notfound_view_config
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)

from govapp.audit import Event
from govapp.errors import error_page
from govapp.resources import concerned

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5


def _is_known(request: Request) -> bool:
    """Tell whether we already know who is signed in, without asking the database."""
    return vars(request).get("identity") is not None


def _is_signed_in(request: Request) -> bool:
    try:
        return request.identity is not None
    except SQLAlchemyError:
        return False


@notfound_view_config(append_slash=False)
def not_found(request: Request) -> Response:
    """Answer a foreign, an unknown and a malformed address alike."""
    return error_page(
        request,
        404,
        title="Not found",
        message="There is nothing at this address, or nothing that you may see.",
        next_step="Check the address, or go back to where you came from.",
        # Asked, so that an address which fits no page looks like one that names nothing.
        signed_in=_is_signed_in(request),
    )


@forbidden_view_config()
def forbidden(error: Exception, request: Request) -> Response:
    """Refuse someone who is signed in; the reason goes to the audit trail, not to the page."""
    request.report(
        Event.ACCESS_REFUSED,
        action=request.matched_route.name if request.matched_route else None,
        reason=_reason(error),
        **concerned(getattr(request, "context", None)),
    )
    return error_page(
        request,
        403,
        title="Not permitted",
        message="Your groups do not allow this.",
        next_step="If you need it for your work, ask whoever manages groups here.",
        signed_in=_is_known(request),
    )


def _reason(error: Exception) -> str:
    result: Any = getattr(error, "result", None)
    decide = getattr(getattr(result, "context", None), "decide", None)
    if decide is not None:
        return str(decide(result.permission).reason)
    return str(getattr(result, "msg", None) or "not permitted")


@exception_view_config(BadCSRFToken)
@exception_view_config(BadCSRFOrigin)
def bad_csrf(error: Exception, request: Request) -> Response:
    """Refuse a form that was not ours, or too old."""
    request.report(
        Event.CSRF_REFUSED,
        action=request.matched_route.name if request.matched_route else None,
        reason=type(error).__name__,
    )
    return error_page(
        request,
        400,
        title="The form has expired",
        message="The form was open for too long or came from another page. Nothing was changed.",
        next_step="Go back, reload the page, and send the form again.",
    )


@exception_view_config(HTTPClientError)
@exception_view_config(UnicodeDecodeError)
def bad_request(error: Exception, request: Request) -> Response:
    """Refuse what could not be understood, with the plain sentence of whoever refused it."""
    detail = error.detail if isinstance(error, HTTPBadRequest) and error.detail else None
    return error_page(
        request,
        getattr(error, "code", 400),
        title="The request could not be understood",
        message=detail or "Something in the address or in the form is not valid.",
        next_step="Go back and try again.",
    )


@exception_view_config(OperationalError)
@exception_view_config(InterfaceError)
# A standby that only reads, a transaction that the server ended: its state, not our statement.
@exception_view_config(InternalError)
@exception_view_config(TimeoutError)
def database_unavailable(error: Exception, request: Request) -> Response:
    """Say that the database did not answer, or that two people were in each other's way."""
    cause = type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
    log.error("database unavailable: %s, request %s", cause, request.request_id)
    return error_page(
        request,
        503,
        title="Not available at the moment",
        message=f"The database did not answer in time{_outcome(request)}",
        next_step=_next_step(request, "Try again in a few seconds."),
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )


def _outcome(request: Request) -> str:
    """Say what became of what was asked for: a COMMIT may have arrived, and its answer not."""
    if request.commit_begun:
        return ", and it is not known whether this was done."
    return ". Nothing was changed."


def _next_step(request: Request, usual: str) -> str:
    return "Look whether it was done before you try again." if request.commit_begun else usual


@exception_view_config(Exception)
def unexpected(error: Exception, request: Request) -> Response:
    """Say that something broke, with an id under which staff find it in the log."""
    if isinstance(error, HTTPNotFound):
        return not_found(request)
    incident = secrets.token_hex(4)
    log.error("incident %s, request %s", incident, request.request_id, exc_info=error)
    return error_page(
        request,
        500,
        title="Something went wrong",
        message=f"The page could not be made{_outcome(request)}",
        next_step=f"{_next_step(request, 'Try again.')} If it happens once more, tell support the"
        " incident's number.",
        incident=incident,
    )
