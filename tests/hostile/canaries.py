"""Secrets that can be recognised, and every place where they could come to light."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
from collections import defaultdict
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from webob.cookies import Cookie

HIDDEN = re.compile(r'name="csrf_token" value="([^"]+)"')
# What makes each record of a log differ from the same one before.
CHANGING = re.compile(
    r'"time": "[0-9T:.+-]{29}", |since [0-9.]+s ago|"request_id": "[0-9a-f]{16}"|txn\.[0-9]+'
)
# Long enough that none is there by chance, short enough to notice one that was cut off.
PART = 12


def new_password():
    """Return a password that every way of quoting changes: nobody's but this test's."""
    return f'cän & <ary> "{secrets.token_hex(6)}" %2B+\'{secrets.token_hex(6)}'


def coats(secret):
    """Return what a secret (bytes) looks like in each coat: {coat: [text, …]}."""
    worn = {"hex": _with_parts(secret.hex(), secret.hex().upper()), "base64": _base64(secret)}
    worn["every byte url-encoded"] = ["".join(f"%{byte:02x}" for byte in secret)]
    worn["every byte url-encoded"] += [worn["every byte url-encoded"][0].upper()]
    worn["as bytes"] = [repr(secret)[2:-1]]
    # What is no text would be cut in the middle of a letter.
    text = secret.decode("utf-8", "ignore")
    if text.encode() == secret:
        worn["raw"] = _with_parts(text)
        worn["url-encoded"] = [quote(text, safe=""), quote_plus(text), quote(text)]
        worn["html"] = [html.escape(text), html.escape(text).replace("&quot;", "&#34;")]
        worn["json"] = [json.dumps(text)[1:-1], repr(text)[1:-1]]
    return worn


def _with_parts(*texts):
    return [part for text in texts for part in (text, text[:PART], text[-PART:])]


def _base64(secret):
    """Return the letters that are the same wherever the secret stands in what was encoded."""
    found = []
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + secret)
        # A letter holds six bits: those which share one with a neighbour are left out.
        first, last = -(-8 * shift // 6), 8 * (shift + len(secret)) // 6
        letters = whole[first:last].decode()
        found += [letters, letters.translate(str.maketrans("+/", "-_"))]
    return _with_parts(*found)


@dataclass(frozen=True)
class Canary:
    """A secret of some kind. A token is also its bytes, and a key to its digest."""

    kind: str
    value: bytes

    @classmethod
    def of(cls, kind, text):
        """Return the canaries for a text: itself, and the bytes that a token of ours stands for."""
        found = {cls(kind, text.encode())}
        if re.fullmatch(r"[A-Za-z0-9_-]{43}", text):
            found.add(cls(kind, base64.urlsafe_b64decode(text + "=")))
            found.add(cls(f"digest of a {kind}", hashlib.sha256(text.encode()).digest()))
        return found


class Sinks:
    """Everything that came out anywhere, by where."""

    def __init__(self):
        self.texts = defaultdict(list)
        self.canaries = set()
        self._wholes = {}

    def learn(self, kind, text):
        """Note a secret; return it."""
        self.canaries |= Canary.of(kind, text)
        return text

    def add(self, sink, *texts):
        """Note what came out; bytes as text in which bytes stay recognisable."""
        for text in texts:
            self.texts[sink].append(text.decode("latin-1") if isinstance(text, bytes) else text)

    def search(self, canary, sinks=None):
        """Return where a canary is, and in which coats: {sink: {coat, …}}."""
        found, worn = {}, coats(canary.value)
        for sink in self.texts if sinks is None else sinks:
            whole = self._whole(sink)
            seen = {coat for coat, needles in worn.items() if any(n in whole for n in needles)}
            if canary.value.decode("latin-1") in whole:
                seen.add("bytes")
            if seen:
                found[sink] = seen
        return found

    def _whole(self, sink):
        """Return all that came out there, in one piece; what came twice, once."""
        texts = self.texts[sink]
        known, whole = self._wholes.get(sink, (None, ""))
        if known != len(texts):
            lines = [line for text in texts for line in CHANGING.sub("", text).split("\n")]
            whole = "\n".join(lines if "database" in sink else dict.fromkeys(lines))
            self._wholes[sink] = len(texts), whole
        return whole

    def found(self):
        """Return where each kind of secret is: {kind: {sink, …}}."""
        places = {canary.kind: set() for canary in self.canaries}
        for canary in self.canaries:
            places[canary.kind] |= self.search(canary).keys()
        return places


class Recorder:
    """An application whose every answer is noted, part by part; it learns what is issued."""

    def __init__(self, app, sinks):
        self.app, self.sinks = app, sinks
        self.registry = app.registry

    def __call__(self, environ, start_response):
        def started(status, headers, *rest):
            for name, value in headers:
                self._header(name.lower(), value)
            self.sinks.add("status line", status)
            return start_response(status, headers, *rest)

        parts = self.app(environ, started)
        content = b"".join(parts)
        if hasattr(parts, "close"):
            parts.close()
        self._body(content.decode("utf-8", "replace"))
        return [content]

    def _header(self, name, value):
        if name != "set-cookie":
            self.sinks.add("header Location" if name == "location" else "other headers", value)
            return
        ((cookie, morsel),) = Cookie(value).items()
        self.sinks.add(f"cookie {cookie.decode()}", morsel.value.decode())
        self.sinks.add("attributes of cookies", value.partition(";")[2])
        if cookie == b"govapp" and morsel.value:
            self.sinks.learn("session token", morsel.value.decode())

    def _body(self, text):
        for token in HIDDEN.findall(text):
            self.sinks.learn("CSRF token", token)
            self.sinks.add("hidden field csrf_token", token)
        self.sinks.add("pages", HIDDEN.sub("", text))
