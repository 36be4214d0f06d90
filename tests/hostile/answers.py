"""What must hold of every answer, whatever was asked."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OUR_HOSTS = {"localhost", "127.0.0.1", "::1"}
# What steers a terminal or reorders the text around it; the two joiners are needed for names.
_CATEGORIES = {"Cc", "Cf", "Zl", "Zp"}
UNDISPLAYABLE = re.compile(
    "["
    + "".join(
        re.escape(character)
        for character in map(chr, range(0x110000))
        if unicodedata.category(character) in _CATEGORIES and character not in "\n\t\u200c\u200d"
    )
    + "]"
)
TAG = re.compile(r"<[a-zA-Z](?:[^>\"]|\"[^\"]*\")*>")
# Only our own script, and nothing that a page loads or runs because somebody typed it.
ALIVE = re.compile(
    r"<(?!script src=\"/static/)(?:script|img|iframe|object|embed|base|style)\b"
    r"|\s(?:on\w+|style)=|=\"\s*(?:javascript|data):",
    re.IGNORECASE,
)


def check_answer(answer, path=b"/"):
    """See that an answer is whole, ours, and nothing in it is alive."""
    assert 200 <= answer.status < 500, answer
    for name, value in HEADERS.items():
        assert answer.header(name) == value, name
    policy = answer.header("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'self';") and "unsafe" not in policy
    assert not answer.all("Access-Control-Allow-Origin")
    for name, value in answer.headers:
        assert isinstance(value, str), name
        assert value.isascii() and value.isprintable(), (name, value)
    for cookie in answer.all("Set-Cookie"):
        assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; ")), cookie
        assert answer.header("Cache-Control") == "no-store"
    location = answer.header("Location")
    if location is not None:
        assert urlsplit(location).scheme == "http" and urlsplit(location).hostname in OUR_HOSTS
    if not path.startswith(b"/static/"):
        _check_page(answer)


def _check_page(answer):
    assert answer.header("Cache-Control") == "no-store"
    if not answer.body:
        return
    kind = answer.header("Content-Type").lower()
    assert kind in {"text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"}
    text = answer.body.decode("utf-8")
    assert not UNDISPLAYABLE.search(text), UNDISPLAYABLE.findall(text)
    if kind.startswith("text/html"):
        alive = [tag for tag in TAG.findall(text) if ALIVE.search(_bare(tag))]
        assert not alive, alive


def _bare(tag):
    """Return a tag with only those values of attributes that a browser follows."""
    return re.sub(
        r"""([^\s"]+)="([^"]*)\"""",
        lambda pair: pair[0] if pair[1] in {"src", "href", "action"} else f'{pair[1]}=""',
        tag,
    )
