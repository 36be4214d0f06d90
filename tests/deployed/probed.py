"""govapp with a fault in it: the application that the children of ``test_out_of_memory.py`` serve.

It adds the article's way to sign in, the session first and the check afterwards. And as soon as
a request has written its session row, what it asks for in ``X-Fault`` happens, in the middle of
its transaction:

* ``out-of-memory``: all memory that the process may have is taken, and MemoryError raised;
* ``starved-N``: all but N bytes are taken, and the request goes on as far as it gets;
* ``pause``: the request stops there for ever.

The memory is given back when the request has been answered. What happens is noted, a line each,
in the file that ``PROBED_NOTES`` names.
"""

from __future__ import annotations

import os
import threading

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import inspect

import govapp
from govapp import sessions, startup, users
from govapp.attempts import hasher_of

# From what makes the system map more memory down to the smallest objects.
SIZES = (2**26, 2**22, 2**20, 2**16, 2**12, *range(1024, 0, -16))
_hoard = None


def main(global_config, **ini):
    """Return the WSGI application."""
    config = govapp.configure(startup.checked(global_config, ini))
    notes = os.open(os.environ["PROBED_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(line):
        os.write(notes, line)

    _note_tokens(note)
    _fail_after_writing(note)
    config.add_route("session-first", "/probe/session-first")
    config.add_view(
        session_first,
        route_name="session-first",
        request_method="POST",
        permission=NO_PERMISSION_REQUIRED,
        require_csrf=False,
    )
    return _giving_back(config.make_wsgi_app())


def session_first(request):
    """Sign in as the article's program does, and undo it if the password turns out wrong."""
    user = users.by_login(request.dbsession, request.POST["login"])
    sessions.begin(request, user.id)
    if not hasher_of(request).verify(user.password_hash, request.POST["password"]):
        sessions.end(request)
    return HTTPSeeOther("/")


def _fail_after_writing(note):
    begin = sessions.begin

    def begin_and_fail(request, *args, **kw):
        row = begin(request, *args, **kw)
        if inspect(row).persistent:
            note(b"written\n")
        _cause(request.headers.get("X-Fault", ""), note)
        return row

    sessions.begin = begin_and_fail


def _cause(fault, note):
    if fault == "pause":
        threading.Event().wait()
    elif fault == "out-of-memory":
        try:
            _take_all()
        finally:
            note(b"memory gone\n")
    elif fault:
        spare = bytearray(int(fault.removeprefix("starved-")))
        try:
            _take_all()
        except MemoryError:
            note(b"memory gone\n")
        del spare


def _take_all():
    """Take memory until there is none. Raises MemoryError."""
    global _hoard
    for size in SIZES:
        try:
            while True:
                _hoard = (bytes(size), _hoard)
        except MemoryError:
            continue
    raise MemoryError


def _giving_back(application):
    def wrapped(environ, start_response):
        global _hoard
        try:
            return application(environ, start_response)
        finally:
            _hoard = None

    return wrapped


def _note_tokens(note):
    """Note every secret that is made, so that the test can try what no browser was given."""
    make = sessions.tokens.new_token

    def noted():
        token = make()
        note(f"token {token}\n".encode())
        return token

    sessions.tokens.new_token = noted
