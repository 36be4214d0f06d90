"""Views that are held at a gate while something else commits."""

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import func, select

from govapp import sessions
from govapp.models import Group
from govapp.policy import EndReason, Permission
from tests.support.together import Gate


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.open()


@pytest.fixture
def extend(gate):
    def add_probes(config):
        def mutate(request):
            """Be let in, wait, then write."""
            assert request.identity is not None
            gate.wait()
            request.dbsession.add(Group(name="business", created_at=request.now))
            return Response("done")

        def flash_late(request):
            assert request.session.row is not None
            gate.wait()
            request.session.flash("late")
            return Response("done")

        def rotate_late(request):
            assert request.session.row is not None
            gate.wait()
            sessions.rotate(request)
            return Response("done")

        def begin_and_wait(request):
            sessions.begin(request, request.matchdict["user"])
            gate.wait()
            return Response("done")

        def begin_late(request):
            request.dbsession.connection().execute(select(func.now()))
            gate.wait()
            sessions.begin(request, request.matchdict["user"])
            return Response("done")

        def leave_late(request):
            """Be let in, wait, then end one's own session and do something besides."""
            assert request.session.row is not None
            gate.wait()
            request.dbsession.add(Group(name="business", created_at=request.now))
            if request.GET["how"] == "all":
                sessions.end_all(
                    request, request.session.row.user_id, reason=EndReason.ENDED_BY_OWNER
                )
            elif request.GET["how"] == "own":
                sessions.end(request)
            else:
                # As code of ours would that forgot sessions.require_alive.
                request.session.leave()
            return Response("done")

        for view in (mutate, flash_late, rotate_late, leave_late, begin_and_wait, begin_late):
            config.add_route(view.__name__, f"/probe/{view.__name__}/{{user}}")
            config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)
        config.add_route("permitted", "/probe/permitted")
        config.add_view(
            mutate, route_name="permitted", permission=Permission.USER_LIST, require_csrf=False
        )

    return add_probes
