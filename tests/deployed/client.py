"""A person's browser, as far as it matters here: a connection, a cookie jar, forms."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.support.world import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
TIMEOUT_SECONDS = 60
SESSION = "__Host-govapp"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    @property
    def location(self):
        return self.headers.get("Location", "")

    @property
    def set_cookies(self):
        """Every ``Set-Cookie`` line."""
        return self.headers.get_all("Set-Cookie") or []


class Person:
    """Opens a connection with ``connect`` for each request, and sends ``headers`` with it."""

    def __init__(self, connect, **headers):
        self._connect = connect
        self._headers = {"User-Agent": FIREFOX} | _named(headers)
        self.cookies = {}

    def get(self, path, **headers):
        return self.ask("GET", path, None, headers)

    def post(self, path, fields=(), *, csrf=True, **headers):
        """Send a form, with the token of this browser unless told otherwise."""
        pairs = list(dict(fields).items())
        if csrf:
            pairs.append(("csrf_token", self.csrf_token()))
        return self.ask("POST", path, urlencode(pairs), {"Content-Type": FORM} | headers)

    def ask(self, method, path, body=None, headers=()):
        """Send any request; headers written with ``_`` are sent with ``-``."""
        named = _named(headers)
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = self._connect()
        try:
            connection.request(method, path, body, self._headers | named)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()
        self._keep(answer)
        return answer

    def _keep(self, answer):
        for line in answer.set_cookies:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value

    def csrf_token(self):
        page = self.get("/sign-in")
        if page.status == 303:
            page = self.get("/account/sessions")
        return re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)

    def sign_in(self, login, password=PASSWORD, **headers):
        return self.post("/sign-in", {"login": login, "password": password}, **headers)

    @property
    def secret(self):
        """The secret in the session cookie, or None."""
        return self.cookies.get(SESSION)

    @secret.setter
    def secret(self, value):
        self.cookies[SESSION] = value

    @property
    def is_signed_in(self):
        return self.get("/account/sessions").status == 200


def directly_to(port, *, host, source="127.0.0.1", **headers):
    """Return the browser of somebody whose proxy, at ``source``, passes all on to one process."""

    def connect():
        return http.client.HTTPConnection(
            "127.0.0.1", port, timeout=TIMEOUT_SECONDS, source_address=(source, 0)
        )

    forwarded = {"Host": host, "X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
    return Person(connect, **(forwarded | _named(headers)))


def _named(headers):
    return {name.replace("_", "-"): value for name, value in dict(headers).items()}
