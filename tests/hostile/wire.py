"""Requests as a WSGI server hands them on, without WebTest's manners: any bytes anywhere."""

from __future__ import annotations

import io
from dataclasses import dataclass

OWN_HEADERS = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}


@dataclass(frozen=True)
class Answer:
    """What the application answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name):
        """Return every header of this name, whatever its case."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """Return the only header of this name, or None."""
        found = self.all(name)
        assert len(found) <= 1, found
        return found[0] if found else None


def send(app, method="GET", path=b"/", *, query=b"", headers=(), body=b"", **environ):
    """Call the application; ``path`` is already unquoted, as servers do it.

    ``headers`` are pairs of text in Latin-1; several of one name are joined like waitress joins
    them. What is raised past the application is raised here.
    """
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    } | environ
    sent = {}
    for name, value in headers:
        key = OWN_HEADERS.get(name.lower(), "HTTP_" + name.upper().replace("-", "_"))
        sent[key] = f"{sent[key]}, {value}" if key in sent else value
    started = []

    def start_response(status, headers, exc_info=None):
        started.append((status, headers))

    environ |= sent
    parts = app(environ, start_response)
    try:
        content = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
        # WebOb may have put a file of its own there.
        environ["wsgi.input"].close()
    ((status, headers),) = started
    return Answer(int(status.split(" ")[0]), headers, content)
