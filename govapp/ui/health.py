"""Probes: is the process up, and can it reach the database?"""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.view import view_config
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from govapp import db


@view_config(route_name="healthz", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def healthz(request: Request) -> Response:
    """Answer without asking anything."""
    return Response("ok\n", content_type="text/plain", charset="utf-8")


@view_config(route_name="readyz", request_method="GET", permission=NO_PERMISSION_REQUIRED)
def readyz(request: Request) -> Response:
    """Ask the database for one row, within the independent pool's time-out."""
    try:
        with db.engines(request.registry).independent.connect() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError:
        return Response("unavailable\n", status=503, content_type="text/plain", charset="utf-8")
    return Response("ok\n", content_type="text/plain", charset="utf-8")
