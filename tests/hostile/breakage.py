"""Things that break with secrets at hand: views, the database, and a server that is talked to."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread

from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError
from waitress import create_server, wasyncore

from govapp.models import User


def add_failures(config):
    """Add views that break with secrets at hand, as any view of a host could."""

    def held(request):
        return {**request.cookies, **request.POST, "csrf": request.session.get_csrf_token()}

    def fails(request):
        everything = held(request)
        raise RuntimeError(f"failed with {len(everything)} secrets in a variable")

    def fails_late(request):
        everything = held(request)

        def callback(request, response):
            raise RuntimeError(f"failed with {len(everything)} secrets in a closure")

        request.add_response_callback(callback)
        return Response("fine")

    def conflicts(request):
        """Write a row twice: PostgreSQL repeats its values in what it says."""
        secret = request.POST["password"]
        row = {"id": "x", "login": secret, "login_key": secret, "name": secret,
               "password_hash": secret, "active": True, "created_at": request.now}  # fmt: skip
        for number in range(2):
            request.dbsession.execute(insert(User).values({**row, "id": str(number)}))

    def lacks(request):
        """Leave a column out: PostgreSQL repeats the whole row."""
        secret = request.POST["password"]
        request.dbsession.add(User(id=secret, login=secret, login_key=secret))
        request.dbsession.flush()

    def loses_database(request):
        secret = request.POST["password"]
        raise OperationalError("SELECT :secret", {"secret": secret}, Exception(secret))

    for view in (fails, fails_late, conflicts, lacks, loses_database):
        config.add_route(view.__name__, f"/probe/{view.__name__}")
        config.add_view(
            view,
            route_name=view.__name__,
            permission=NO_PERMISSION_REQUIRED,
            require_csrf=False,
        )


@contextmanager
def served(app):
    """Run waitress on a free port of this machine for the time of a block; yield its address."""
    sockets, stop = {}, Event()
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, threads=2)

    def run():
        while not stop.is_set():
            wasyncore.poll(0.02, sockets)

    thread = Thread(target=run)
    thread.start()
    try:
        yield "127.0.0.1", int(server.effective_port)
    finally:
        stop.set()
        thread.join()
        server.task_dispatcher.shutdown()
        for channel in list(sockets.values()):
            channel.close()
