"""Every way in which a request can end, put behind govapp's own views.

A request names its ending in the header ``X-Ending``: the real view does its work, a business row
is written beside it, and then the request ends so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.errors import SerializationFailure
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Text, insert
from sqlalchemy.exc import OperationalError
from zope.sqlalchemy import mark_changed

from govapp.models import Group

Ending = Callable[[Request, Response], Response]

business = MetaData()
parent = Table("probe_parent", business, Column("id", Integer, primary_key=True))
# Checked by the database when the transaction commits, and not before.
child = Table(
    "probe_child",
    business,
    Column("id", Integer, primary_key=True),
    Column("what", Text),
    Column(
        "parent_id",
        ForeignKey("probe_parent.id", deferrable=True, initially="DEFERRED"),
    ),
)


class Answered(Exception):
    """What an exception view answers with ``status``; without one, it breaks too."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


def answer(error: Answered, request: Request) -> Response:
    if error.status is None:
        raise RuntimeError("in the exception view")
    return Response("handled", status=error.status)


def as_it_is(request: Request, response: Response) -> Response:
    return response


def returned(status: int, **headers: str) -> Ending:
    def end(request: Request, response: Response) -> Response:
        return Response("ended", status=status, headers=headers)

    return end


def raised(error: Callable[[], Exception]) -> Ending:
    def end(request: Request, response: Response) -> Response:
        raise error()

    return end


def doomed(request: Request, response: Response) -> Response:
    request.tm.doom()
    return response


def breaks_at_flush(request: Request, response: Response) -> Response:
    request.dbsession.add(Group(name=None, created_at=request.now))
    return response


def breaks_at_commit(request: Request, response: Response) -> Response:
    request.dbsession.execute(insert(child).values(parent_id=0))
    return response


def breaks_before_commit(request: Request, response: Response) -> Response:
    def break_() -> None:
        raise RuntimeError("in a before-commit hook")

    request.tm.get().addBeforeCommitHook(break_)
    return response


def breaks_in_a_callback(request: Request, response: Response) -> Response:
    def break_(request: Request, response: Response) -> None:
        raise RuntimeError("in a response callback")

    request.add_response_callback(break_)
    return response


def conflicts_once(request: Request, response: Response) -> Response:
    """Lose a conflict at the first attempt, which pyramid_retry follows by a second."""
    # Its environ is the same in every attempt.
    if not request.environ.get("tests.conflicted"):
        request.environ["tests.conflicted"] = True
        raise OperationalError("COMMIT", None, SerializationFailure("could not serialize"))
    return response


KEPT = "kept"
UNDONE = "undone"
# Kept only where pyramid_retry tries again.
RETRIED = "retried"

ENDINGS: dict[str, tuple[Ending, str]] = {
    "the view's own answer": (as_it_is, KEPT),
    "returned 200": (returned(200), KEPT),
    "returned 303": (returned(303, Location="/"), KEPT),
    "returned 404": (returned(404), UNDONE),
    "returned 503": (returned(503), UNDONE),
    "returned 500 with `X-Tm: commit`": (returned(500, **{"X-Tm": "commit"}), UNDONE),
    "raised 303": (raised(lambda: HTTPSeeOther("/")), UNDONE),
    "raised 403": (raised(HTTPForbidden), UNDONE),
    "raises; exception view answers 200": (raised(lambda: Answered(200)), UNDONE),
    "raises; exception view answers 303": (raised(lambda: Answered(303)), UNDONE),
    "raises; exception view answers 404": (raised(lambda: Answered(404)), UNDONE),
    "raises; exception view answers 500": (raised(lambda: Answered(500)), UNDONE),
    "raises; exception view raises too": (raised(lambda: Answered(None)), UNDONE),
    "raises `MemoryError`": (raised(MemoryError), UNDONE),
    "`tm.doom()`": (doomed, UNDONE),
    "IntegrityError at flush": (breaks_at_flush, UNDONE),
    "IntegrityError at COMMIT": (breaks_at_commit, UNDONE),
    "before-commit hook raises": (breaks_before_commit, UNDONE),
    "response callback raises": (breaks_in_a_callback, KEPT),
    "loses a conflict once": (conflicts_once, RETRIED),
}


def includeme(config: Configurator) -> None:
    """Let requests choose how they end, with a row of business data beside what they do."""
    config.add_exception_view(answer, context=Answered)
    config.add_view_deriver(_ended_as_asked, "ended-as-asked")


def _ended_as_asked(view: Any, info: Any) -> Any:
    if info.exception_only:
        return view

    def ended(context: Any, request: Request) -> Response:
        response = view(context, request)
        name = request.headers.get("X-Ending")
        if name is None:
            return response
        request.dbsession.execute(insert(parent))
        mark_changed(request.dbsession)
        ending, _ = ENDINGS[name]
        return ending(request, response)

    return ended
