"""The outermost tween: refuses what no page should meet, before anything else runs.

Undecodable input, a foreign Host, http where the site is https; and puts the security headers
on every answer.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes, urlsplit

from pyramid.httpexceptions import HTTPPermanentRedirect
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from webob.request import DisconnectionError

from govapp.errors import error_page
from govapp.facts import settings_of
from govapp.network import is_trusted, parse_address
from govapp.ui.headers import secure

# Probes reach the application by address, whatever the Host.
PROBES = {"/healthz", "/readyz"}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
METHODS = {"GET", "HEAD", "POST"}


def edge_tween_factory(
    handler: Callable[[Request], Response], registry: Registry
) -> Callable[[Request], Response]:
    """Refuse, redirect or pass on; then add the headers."""

    def edge_tween(request: Request) -> Response:
        _trust_scheme(request)
        _drop_unreadable(request)
        response = _refusal(request) or handler(request)
        return secure(response, https=request.scheme == "https")

    return edge_tween


def _trust_scheme(request: Request) -> None:
    """Believe a trusted proxy about https; nobody else."""
    peer = parse_address(request.environ.get("REMOTE_ADDR"))
    proto = request.headers.get("X-Forwarded-Proto")
    if proto in {"http", "https"} and is_trusted(peer, settings_of(request).trusted_proxies):
        request.scheme = proto


def _drop_unreadable(request: Request) -> None:
    """Ignore a range or a date that cannot be read, as RFC 9110 has it.

    WebOb would raise where a static file is answered: after every tween and the last resort.
    """
    for name in ("range", "if_range", "if_modified_since", "if_unmodified_since"):
        try:
            getattr(request, name)
        except (ValueError, OverflowError):
            delattr(request, name)


def _refusal(request: Request) -> Response | None:
    if request.environ.get("PATH_INFO") in PROBES and request.method in {"GET", "HEAD"}:
        return None
    if request.method not in METHODS:
        return error_page(
            request,
            405,
            title="Not possible",
            message="This address cannot be used in this way.",
            next_step="Go back and use the links and buttons of the page.",
        )
    if not _is_decodable(request) or not _is_our_host(request):
        return error_page(
            request,
            400,
            title="The request could not be read",
            message="Something in the address or in the form is not valid text for this site.",
            next_step="Check the address, or go back and try again.",
        )
    settings = settings_of(request)
    if settings.is_https and request.scheme != "https":
        return _to_https(request, settings.base_url)
    return None


def _is_decodable(request: Request) -> bool:
    """Tell whether path, query, cookies and form are text that we can read (S-095)."""
    if request.charset.lower() != "utf-8":
        return False
    try:
        texts = [request.path_info, *request.GET.values(), *request.GET.keys()]
        request.cookies.get("")
        # Read here once, for everyone; what is no form has no fields.
        _ = request.POST
        _read_as_text(request)
    except (ValueError, LookupError, DisconnectionError, ConnectionError):
        # Broken UTF-8, a form in parts without a boundary, a charset that nobody knows, or a
        # client that went away.
        return False
    # No path of ours has control characters; a pattern's "$" would take one line end for none.
    return request.path_info.isprintable() and not any("\0" in text for text in texts)


def _read_as_text(request: Request) -> None:
    """Raise UnicodeDecodeError for a body that is no text, which WebOb would mend in silence."""
    # Two passwords that differ only in what cannot be read would be one and the same.
    body = request.body
    if request.content_type != "multipart/form-data":
        body = unquote_to_bytes(body)
    body.decode()


def _is_our_host(request: Request) -> bool:
    """Tell whether the Host is the one in base_url; on loopback, any name of this machine."""
    try:
        parts = urlsplit(f"//{request.host}" if _is_plain(request.host) else "")
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    ours = settings_of(request).host
    return host == ours or (ours in LOOPBACK and host in LOOPBACK)


def _is_plain(host: str) -> bool:
    return host.isascii() and host.isprintable() and not set(host) & set("/\\?#@")


def _to_https(request: Request, base_url: str) -> Response:
    if request.method == "POST":
        return error_page(
            request,
            400,
            title="Not protected",
            message="This form was sent without encryption, so it was not processed.",
            next_step="Open the site again by its https address.",
        )
    return HTTPPermanentRedirect(base_url + request.path_qs)
