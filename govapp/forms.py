"""What people type, until it is parsed: hostile. Fields come from the body, never merged."""

from __future__ import annotations

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.request import Request

MAX_TEXT = 500


class Rejected(ValueError):
    """Raised for a field that cannot be used; the message is for the person who typed it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def posted(request: Request, name: str) -> str:
    """Return a field of the form as it was sent, or "". Raises HTTPBadRequest for a file."""
    value = request.POST.get(name, "")
    if not isinstance(value, str):
        raise HTTPBadRequest("A file was sent where text was expected.")
    return value


def line(request: Request, name: str, *, label: str, required: bool = True) -> str:
    """Return one line of text, trimmed. Raises Rejected for none, too much, or unprintable."""
    text = " ".join(posted(request, name).split())
    if required and not text:
        raise Rejected(name, f"{label} is needed.")
    if len(text) > MAX_TEXT:
        raise Rejected(name, f"{label} has {len(text)} characters; at most {MAX_TEXT} are kept.")
    if not text.isprintable():
        raise Rejected(name, f"{label} has characters that cannot be shown.")
    return text
