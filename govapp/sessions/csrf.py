"""CSRF: the token of the requester's own session or visit, and where the request came from."""

from __future__ import annotations

import hmac
from typing import Any
from urllib.parse import urlsplit

from pyramid.exceptions import BadCSRFOrigin
from pyramid.interfaces import ICSRFStoragePolicy
from pyramid.request import Request
from zope.interface import implementer


@implementer(ICSRFStoragePolicy)
class SessionCSRFStoragePolicy:
    """256-bit tokens in the session row or the visit cookie, compared in constant time.

    Pyramid's own has 122 bits, and its origin check is silent unless the scheme is https.
    """

    def new_csrf_token(self, request: Request) -> str:
        """Replace the token and return the new one."""
        token: str = request.session.new_csrf_token()
        return token

    def get_csrf_token(self, request: Request) -> str:
        """Return the token, a new one if there is none."""
        token: str = request.session.get_csrf_token()
        return token

    def check_csrf_token(self, request: Request, supplied_token: Any) -> bool:
        """Tell whether the token is right. Raises BadCSRFOrigin for another site's form."""
        check_origin(request)
        if not isinstance(supplied_token, str):
            # A file under the field's name.
            return False
        expected = self.get_csrf_token(request).encode()
        return hmac.compare_digest(expected, supplied_token.encode("utf-8", "replace"))


def check_origin(request: Request) -> None:
    """Raise BadCSRFOrigin if the browser says that another origin sent this (S-073, S-074).

    ``Sec-Fetch-Site`` is asked first, then ``Origin``, then ``Referer``. A client that sends
    none of them is no current browser, and still needs the token.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        raise BadCSRFOrigin(f"Sec-Fetch-Site is {site}")
    origin = request.headers.get("Origin")
    if origin is None and request.referrer:
        origin = _origin_of(request.referrer)
    if origin is not None and origin != request.host_url:
        raise BadCSRFOrigin("another origin")


def _origin_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "unreadable"
    return f"{parts.scheme}://{parts.netloc}"
