"""Everything that people do with secrets, right and wrong, and what can go wrong meanwhile."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress
from urllib.parse import quote

from sqlalchemy.exc import OperationalError

from tests.hostile.breakage import served
from tests.hostile.canaries import HIDDEN

GRACE_IS_OVER_SECONDS = 20
MOST_SIGN_INS = 8


class Flows:
    """One story, told in parts: of bea, who has sessions, and ada, who looks after them."""

    def __init__(self, *, sinks, browser, command, world, new_password):
        self.sinks, self.browser, self.command, self.world = sinks, browser, command, world
        self._new_password = new_password

    def password(self):
        return self.sinks.learn("password", self._new_password())

    def wrong(self, length=None):
        """Return a password that is nobody's; with a length, one too short for anybody."""
        return self.sinks.learn("wrong password", self._new_password()[:length])

    def link(self, said):
        return self.sinks.learn("one-time link", said.link.rpartition("/")[2])

    # ------------------------------------------------------------ beginnings

    def create_people(self):
        """The command makes one person with a link, and one with a password."""
        self.bea_link = self.link(self.command("user", "create", "bea", "--name", "Bea"))
        self.ada_password = self.password()
        words = ("user", "create", "ada", "--name", "Ada", "--group", "admins", "--password-stdin")
        assert self.command(*words, stdin=self.wrong(9) + "\n").status == 1
        assert self.command(*words, stdin=f"{self.ada_password}\n").status == 0

    def use_the_link(self):
        bea, unknown = self.browser(), self.sinks.learn("made-up link", secrets.token_urlsafe(32))
        bea.get(f"/welcome/{unknown}", status=303)
        bea.get("/welcome", status=404)
        bea.get(f"/welcome/{self.bea_link}", status=303)
        bea.get("/welcome", status=200)
        bea.post("/welcome", {"new": self.wrong(14)}, status=400)
        bea.post("/welcome", {"new": self.wrong(), "csrf_token": "x"}, csrf=False, status=400)
        self.bea_password = self.password()
        bea.post("/welcome", {"new": self.bea_password}, status=303)
        bea.get(f"/welcome/{self.bea_link}", status=303)
        bea.get("/welcome", status=404)

    def sign_in_right_wrong_and_too_often(self):
        self.bea = self.browser()
        self.bea.get(f"/sign-in?login=bea&password={quote(self.wrong())}", status=200)
        self.bea.sign_in("bea", self.wrong(), status=400)
        self.bea.sign_in("nobody", self.wrong(), status=400)
        self.bea.sign_in("bea", self.bea_password)
        stranger = self.browser()
        for _ in range(MOST_SIGN_INS):
            last = stranger.sign_in("nobody", self.wrong(), status="*")
        assert last.status_int == 429
        self.ada = self.browser()
        self.ada.sign_in("ada", self.ada_password)

    # ------------------------------------------------------------ within a session

    def confirm_and_change_the_password(self, clock):
        old = self.bea.cookie
        self.bea.confirm(self.wrong(), status=400)
        self.bea.confirm(self.bea_password)
        assert self.bea.cookie != old
        thief = self.browser()
        thief.cookie = old
        assert thief.is_signed_in
        form = {"current": self.wrong(), "new": self.wrong()}
        self.bea.post("/account/password", form, status=400)
        form = {"current": self.bea_password, "new": self.wrong(14)}
        self.bea.post("/account/password", form, status=400)
        new = self.password()
        form = {"current": self.bea_password, "new": new, "end_others": "1"}
        self.bea.post("/account/password", form, status=303)
        self.bea_password = new
        # An old secret that comes back ends the session.
        old = self.bea.cookie
        self.bea.confirm(self.bea_password)
        clock.advance(seconds=GRACE_IS_OVER_SECONDS)
        thief.cookie = old
        assert not thief.is_signed_in and not self.bea.is_signed_in

    def end_sessions(self):
        for way in ("one", "selected", "others", "all"):
            self.bea = self.browser()
            self.bea.sign_in("bea", self.bea_password)
            other = self.browser()
            other.sign_in("bea", self.bea_password)
            ids = [id_ for id_ in self.bea.session_ids() if id_ != self._own_id(self.bea)]
            if way == "one":
                self.bea.post(f"/account/sessions/{ids[0]}/revocation", status=303)
            else:
                form = [("which", way), *[("id", id_) for id_ in ids]]
                self.bea.post("/account/sessions/revocations", form, status=303)
            assert not other.is_signed_in
            other.get("/sign-in", status=200)
        self.bea.sign_in("bea", self.bea_password)
        self.bea.sign_out()
        self.bea.sign_in("bea", self.bea_password)

    def _own_id(self, person):
        page = person.get("/account/sessions")
        return page.html.find(attrs={"data-current": True})["data-session-id"]

    def let_staff_work(self):
        bea = self.world.sessions()[0].user_id
        for path in ("/admin", "/admin/sessions?state=all", "/admin/users", "/admin/audit",
                     "/admin/groups", "/admin/groups/admins", f"/admin/users/{bea}"):  # fmt: skip
            self.ada.get(path, status=200)
        for row in self.world.sessions():
            self.ada.get(f"/admin/sessions/{row.public_id.hex}", status=200)
        live = [row for row in self.world.sessions(bea) if row.ended_at is None]
        session, user = f"/admin/sessions/{live[-1].public_id.hex}", f"/admin/users/{bea}"
        for path, form in (
            ("/admin/users/search", {"q": "bea"}),
            (f"{session}/revocation", {"reason": "lost"}),
            (f"{user}/groups", {"action": "add", "group": "support"}),
            (f"{user}/groups", {"action": "remove", "group": "support"}),
            (f"{user}/status", {"status": "disabled"}),
            (f"{user}/status", {"status": "enabled"}),
            (f"{user}/revocation", {"reason": "lost"}),
            ("/admin/groups", {"name": "newcomers"}),
            ("/admin/groups/newcomers", {"action": "add", "permission": "user:list", "over": "*"}),
        ):
            self.ada.post(path, form, status=303)
        assert not self.bea.is_signed_in
        self.bea.sign_in("bea", self.bea_password)

    def let_the_command_work(self):
        for words in (
            ("session", "list", "--state", "all"),
            ("session", "list", "--state", "all", "--json"),
            ("audit", "list", "--limit", "1000"),
            ("audit", "list", "--json"),
            ("audit", "export"),
            ("group", "list"),
            ("user", "groups", "bea"),
            ("session", "revoke", "--user", "bea", "--reason", "lost"),
            ("purge",),
            ("check",),
        ):
            said = self.command(*words)
            assert said.status in {0, 1} and said.out + said.err
        self.link(self.command("user", "set-password", "bea"))
        self.bea_password = self.password()
        said = self.command("user", "set-password", "bea", "--password-stdin",
                            stdin=f"{self.bea_password}\n")  # fmt: skip
        assert said.status == 0
        self.bea.sign_in("bea", self.bea_password)

    # ------------------------------------------------------------ what goes wrong

    def send_what_is_malformed(self):
        unknown = self.sinks.learn("made-up token", secrets.token_urlsafe(32))
        made_up = self.sinks.learn("made-up CSRF token", secrets.token_urlsafe(32))
        mine = self.bea.cookie
        for cookie in (unknown, f"{mine}A", f"{mine}; govapp={unknown}", f'"{mine}"', mine[:-1]):
            for accept in ("text/html", "application/json"):
                headers = {"Cookie": f"govapp={cookie}; govapp-visit={made_up}", "Accept": accept}
                self.browser().get("/account/sessions", headers=headers, status="*")
        headers = {"Authorization": f"Bearer {mine}", "X-CSRF-Token": made_up, "User-Agent": mine}
        self.browser().get("/admin", headers=headers, status=303)
        form = {"login": "bea", "password": self.wrong(), "csrf_token": made_up}
        self.browser().post("/sign-in", form, csrf=False, status=400)
        self.bea.post("/sign-out", {"csrf_token": made_up}, csrf=False, status=400)
        self.bea.get(f"/nowhere/{mine}", status=404)
        self.bea.get(f"/admin/users/{mine}", status=404)
        self.bea.get("/admin", status=403)
        self.bea.get("/account/sessions?x=%ff", status=400)
        self.bea.post("/account/password", {"current": self.wrong(), "new": "\udcff".encode(
            "utf-8", "surrogateescape")}, status=400)  # fmt: skip
        self.bea.test_app.request(f"/sign-in?{mine}", method="TRACE", status=405)

    def fail(self, engines, monkeypatch):
        """Break, where secrets are at hand: 500 and 503."""
        for path, status in (
            ("fails", 500),
            ("fails_late", 500),
            ("conflicts", 500),
            ("lacks", 500),
            ("loses_database", 503),
        ):
            form = {"password": self.wrong(), "login": "bea"}
            self.bea.post(f"/probe/{path}", form, status=status)
        mine = self.bea.cookie

        def refuse(*args, **kwargs):
            raise OperationalError("SELECT :token", {"token": mine}, Exception(mine))

        with monkeypatch.context() as patch:
            patch.setattr(engines.reader, "connect", refuse)
            self.bea.get("/account/sessions", status=503)

    def lose_tables(self, drop):
        """Go on while one table after the other is missing."""
        for table in ("govapp_throttle", "govapp_audit_event", "govapp_one_time_link",
                      "govapp_not_before", "govapp_session", "govapp_membership"):  # fmt: skip
            drop(table)
            token = self.bea.get("/sign-in", status="*")
            self.bea.get("/account/sessions", status="*")
            form = {"login": "bea", "password": self.bea_password, "csrf_token": "x"}
            self.browser().post("/sign-in", form, csrf=False, status="*")
            self.browser().get(f"/welcome/{self.bea_link}", status="*")
            self.command("session", "list")
            assert token.status_int in {303, 500, 503}, table

    def talk_to_a_server(self, app):
        """Send, over a socket, what waitress itself refuses or has to complain of."""
        mine = self.bea.cookie
        with served(app) as address:
            for request in (
                f"GET /account/sessions HTTP/1.1\r\nHost: localhost\r\nCookie: govapp={mine}\r\n",
                f"G@T /{mine} HTTP/1.1\r\nHost: localhost\r\n",
                f"GET /{mine}\r\nHost: localhost\r\n",
                f"POST /sign-in HTTP/1.1\r\nContent-Length: {mine}\r\n",
                f"POST /sign-in HTTP/1.1\r\nTransfer-Encoding: {mine}\r\n",
                f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie govapp={mine}\r\n",
                f"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: govapp={mine * 9000}\r\n",
            ):
                # Whoever is sent too much may hang up before it has all been said.
                connection = socket.create_connection(address, timeout=20)
                with connection, suppress(ConnectionError):
                    connection.sendall(f"{request}Connection: close\r\n\r\n".encode())
                    while received := connection.recv(65_536):
                        received = HIDDEN.sub("", received.decode("latin-1"))
                        self.sinks.add("the server's own answers", received)
