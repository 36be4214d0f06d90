"""The attack of "Hacking PHP sessions by running out of memory", on a real ``pserve``.

A program writes the session first and checks the password afterwards; the attacker sees to it
that it dies in between. Where the session is stored at once, they are then signed in.
"""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from govapp.audit import Event
from tests.deployed.client import directly_to
from tests.deployed.configuration import HOST, environment, production_ini
from tests.support.process import free_port, pserve, wait_until
from tests.support.world import PASSWORD

# A process with its eight threads has mapped about 700 MiB before anyone comes.
MEMORY_KIB = 1024 * 1024
MIB = 1024 * 1024
SIGNING_IN = (Event.SESSION_CREATED, Event.SIGNED_IN)
# How somebody may sign in, and what the attacker sends: the article's program gets a password
# that it would refuse in its next line, ours the right one, as it writes nothing for another.
ATTACKS = [
    pytest.param("/probe/session-first", "not the password of anyone", id="the-article's-program"),
    pytest.param("/sign-in", PASSWORD, id="our-sign-in"),
]
# Only the article's program still needs memory for the check when the session is written.
STARVED = [
    *(pytest.param(*attack.values, "out-of-memory", id=attack.id) for attack in ATTACKS),
    *(pytest.param(*ATTACKS[0].values, f"starved-{left}", id=f"starved-{left}")
      for left in (MIB, 4 * MIB)),
]  # fmt: skip


@pytest.fixture
def settings(settings):
    """The figures of production: a hash that needs 19 MiB."""
    return settings | {"govapp.argon2_memory_kib": "19456", "govapp.argon2_iterations": "2"}


@pytest.fixture
def site(tmp_path, database_url, world):
    return Site(tmp_path, database_url, world)


class Site:
    """A deployment whose process the attacker may ruin; the database stays."""

    def __init__(self, folder, database_url, world):
        self._notes = folder / "notes"
        self._port = free_port()
        self._ini = production_ini(
            folder / "production.ini", self._port, use="call:tests.deployed.probed:main"
        )
        self._environ = environment(database_url) | {"PROBED_NOTES": str(self._notes)}
        if database_url.startswith("sqlite"):
            # Production refuses SQLite; everything else is as there.
            self._environ["GOVAPP_ENV"] = "development"
        self._world = world
        self.victim = world.user("bea")

    def serving(self, **limits):
        """Start the process; it runs until the end of the block."""
        return pserve(self._ini, self._port, environ=self._environ, **limits)

    def browser(self):
        return directly_to(self._port, host=HOST)

    def attack(self, path, password, fault):
        """Sign in as the victim, with a fault right after the session was written.

        Returns the answer, or None if there was none.
        """
        browser = self.browser()
        fields = {"login": "bea", "password": password, "csrf_token": browser.csrf_token()}
        try:
            return browser.post(path, fields, csrf=False, X_Fault=fault)
        except OSError:
            return None

    def noted(self, word):
        """What the process noted, of all the lines that begin with this word."""
        lines = self._notes.read_text().splitlines()
        return [line.removeprefix(word).strip() for line in lines if line.startswith(word)]

    def rows_of_victim(self):
        return self._world.sessions(self.victim)

    def traces(self):
        """Everything in the database that tells of a session of the victim."""
        return [*self.rows_of_victim(), *self._world.events(*SIGNING_IN)]

    def secrets_that_open_something(self):
        """Those of the secrets ever made, sent to anyone or not, that sign somebody in."""
        return [secret for secret in self.noted("token") if self._opens(secret)]

    def _opens(self, secret):
        thief = self.browser()
        thief.secret = secret
        return thief.is_signed_in

    def let_the_victim_in(self):
        """Let the victim sign in as on any other day."""
        browser = self.browser()
        assert browser.sign_in("bea").status == 303
        assert self.secrets_that_open_something() == [browser.secret]
        (row,) = [row for row in self.rows_of_victim() if row.ended_at is None]
        assert row.user_id == self.victim


def session_cookies(answer):
    """What an answer, if there was one, sets as the session cookie."""
    lines = answer.set_cookies if answer is not None else []
    return [line for line in lines if line.startswith("__Host-govapp=")]


@pytest.mark.standard("S-078")
@pytest.mark.parametrize(("path", "password", "fault"), STARVED)
def test_whoever_makes_a_sign_in_run_out_of_memory_is_not_signed_in(site, path, password, fault):
    with site.serving(memory_kib=MEMORY_KIB) as program:
        answer = site.attack(path, password, fault)

        assert site.noted("written") and site.noted("memory gone")
        assert answer is None or answer.status == 500
        assert session_cookies(answer) == []
        assert site.traces() == []
        # It may have died of it by itself.
        program.kill()

    with site.serving():
        assert site.secrets_that_open_something() == []
        site.let_the_victim_in()


@pytest.mark.standard("S-078")
@pytest.mark.parametrize(("path", "password"), ATTACKS)
def test_whoever_makes_the_system_kill_a_sign_in_is_not_signed_in(site, path, password):
    with site.serving() as program, ThreadPoolExecutor() as background:
        attack = background.submit(site.attack, path, password, "pause")
        wait_until(lambda: site.noted("written"), "the session to be written")
        traces_before = site.traces()

        assert program.kill() == -signal.SIGKILL
        assert attack.result() is None
        assert traces_before == site.traces() == []

    with site.serving():
        assert site.secrets_that_open_something() == []
        site.let_the_victim_in()


@pytest.mark.standard("S-078")
def test_when_there_is_no_memory_to_check_a_password_nobody_gets_in_and_others_go_on(site):
    path, password = ATTACKS[0].values
    with site.serving(memory_kib=MEMORY_KIB) as program:
        # Too little for Argon2, and enough for the rest; with less an answer may not get out.
        for left in (16 * MIB, 8 * MIB):
            answer = site.attack(path, password, f"starved-{left}")

            assert answer.status == 500
            assert session_cookies(answer) == []
            assert site.traces() == []
            assert program.is_running, program.said
        assert len(site.noted("memory gone")) == 2
        assert site.secrets_that_open_something() == []
        site.let_the_victim_in()


def test_the_article_s_program_works_when_nothing_goes_wrong(site):
    """Otherwise the attacks above would prove nothing."""
    with site.serving():
        wrong = site.attack("/probe/session-first", "not the password of anyone", "")
        right = site.attack("/probe/session-first", PASSWORD, "")

    assert wrong.status == right.status == 303
    assert session_cookies(wrong) == [] and len(session_cookies(right)) == 1
    assert [row.end_reason for row in site.rows_of_victim()] == ["signed-out", None]
