"""A handful of people who use the site at once, and an account of what each was told."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass

from tests.outages.arrange import assert_unavailable
from tests.support.together import LONG_SECONDS, InBackground
from tests.support.world import PASSWORD

MAX_REQUESTS = 1000
NOT_KNOWN = "it is not known whether"


@dataclass
class Told:
    """What somebody was told about one thing that they did, and in which phase they did it."""

    key: str
    phase: str
    status: int
    is_known: bool = True


class Person:
    """Somebody who does one kind of thing again and again, each under a key of its own."""

    def __init__(self, browser):
        self.browser = browser
        self.token = browser.csrf_token()
        self.told = []
        self._numbers = itertools.count()

    def act_once(self, phase):
        """Do it once more, and remember the answer: done, or unavailable."""
        key, answer = self.act(next(self._numbers))
        if answer.status_int not in {200, 303}:
            assert_unavailable(answer)
        self.told.append(Told(key, phase, answer.status_int, NOT_KNOWN not in answer.text))

    def post(self, path, **fields):
        return self.browser.post(path, fields | {"csrf_token": self.token}, csrf=False, status="*")


class Looker(Person):
    def act(self, number):
        answer = self.browser.get("/account/sessions", status="*")
        # Unavailable, but never the page of somebody else or of nobody.
        assert answer.status_int == 503 or self.token in answer.text
        return "", answer


class Confirmer(Person):
    def act(self, number):
        return "", self.post("/confirm", password=PASSWORD)


class Noter(Person):
    """Leaves a business row, a flash message and an event, all under one name."""

    def act(self, number):
        key = f"note-{number}"
        return key, self.post("/probe/note", name=key)


class Revoker(Person):
    """Ends one after the other of their sessions."""

    def __init__(self, browser, ids):
        super().__init__(browser)
        self._ids = ids

    def act(self, number):
        key = self._ids[number]
        return key, self.post(f"/account/sessions/{key}/revocation")


class Comer(Person):
    """Signs in anew each time; the key is the secret that they got."""

    def act(self, number):
        self.browser.test_app.reset()
        # The form itself asks nothing of the database, so it is always there.
        self.token = self.browser.csrf_token()
        answer = self.post("/sign-in", login=f"comer-{number % 10}", password=PASSWORD)
        return self.browser.cookie, answer


class Load:
    """People at work through the same phases, each in a thread of their own."""

    def __init__(self, people):
        self.people = people

    def rounds(self, phase, count=3):
        """Let everyone act so many times, all beginning at once."""
        self._run(phase, lambda done: done >= count)

    def during(self, phase, event):
        """Let everyone act as long as something goes on."""
        finished = threading.Event()
        acting = InBackground(self._run, phase, lambda done: done > 1 and finished.is_set())
        try:
            event()
        finally:
            finished.set()
        acting.result()

    def _run(self, phase, is_over):
        together = threading.Barrier(len(self.people))

        def work(person):
            together.wait(LONG_SECONDS)
            for done in range(MAX_REQUESTS):
                if is_over(done):
                    return
                person.act_once(phase)
            raise AssertionError(f"{phase} takes more than {MAX_REQUESTS} requests")

        for worker in [InBackground(work, person) for person in self.people]:
            worker.result()

    @property
    def told(self):
        return [told for person in self.people for told in person.told]
