"""Who was signed in when, on what, and how it ended: drawn with a seed, so of one shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from random import Random

from govapp.demonstration.people import DISABLED, NEVER_CAME, SIGN_INS, Person
from govapp.models.base import IPAddress
from govapp.policy import EndReason, Limits

LIVE = "live"
DAY = 86_400
# How many sessions end in which way.
CUSTOMER_ENDINGS: dict[str, int] = {
    LIVE: 56,
    EndReason.SIGNED_OUT: 36,
    EndReason.IDLE: 20,
    EndReason.ENDED_BY_OWNER: 8,
    EndReason.REPLACED: 6,
    EndReason.ENDED_BY_STAFF: 10,
    EndReason.PASSWORD_CHANGED: 4,
    EndReason.TOKEN_REUSED: 2,
    EndReason.CONFIRM_FAILED: 2,
}
STAFF_ENDINGS: dict[str, int] = {
    LIVE: 14,
    EndReason.SIGNED_OUT: 22,
    EndReason.IDLE: 12,
    EndReason.EXPIRED: 4,
    EndReason.ENDED_BY_STAFF: 3,
    EndReason.REPLACED: 1,
}
PHONES = ("Safari on iPhone", "Chrome on Android", "Samsung Internet on Android")
COMPUTERS = (
    "Firefox on Linux",
    "Chrome on Windows",
    "Edge on Windows",
    "Safari on macOS",
    "Chrome on macOS",
    "Firefox on Windows",
    "Safari on iPad",
    "Chrome on ChromeOS",
)


@dataclass(frozen=True, slots=True)
class Device:
    """A browser of somebody, at an address reserved for documentation (RFC 5737, RFC 3849)."""

    name: str
    address: IPAddress


@dataclass(frozen=True, slots=True)
class Visit:
    """A session: when it began, was last used and ended; ``over_at`` is None while it lives."""

    person: Person
    device: Device
    begins_at: datetime
    last_seen_at: datetime
    ending: str
    over_at: datetime | None


class Planner:
    """Draws devices and visits."""

    def __init__(self, random: Random, *, now: datetime, user: Limits, staff: Limits) -> None:
        self._random = random
        self._now = now
        self._limits = {False: user, True: staff}
        self._devices: dict[Person, list[Device]] = {}

    def visits(self, people: list[Person]) -> list[Visit]:
        """Return everybody's visits."""
        came = [person for person in people if person.login not in NEVER_CAME]
        visits: list[Visit] = []
        for is_staff, endings in ((True, STAFF_ENDINGS), (False, CUSTOMER_ENDINGS)):
            group = [person for person in came if person.is_staff is is_staff]
            open_to = [person for person in group if person.login not in DISABLED]
            drawn = [ending for ending, number in endings.items() for _ in range(number)]
            for number, ending in enumerate(drawn):
                # In turn, so that everybody who may be signed in is, and some more than once.
                visits += self._visit(open_to[number * 7 % len(open_to)], ending)
            for person in group:
                if person.login in DISABLED:
                    visits += self._visit(person, EndReason.USER_DISABLED)
                if person.login in SIGN_INS and not is_staff:
                    # Whoever tries a customer's page reads staff's words there.
                    visits += self._visit(person, EndReason.ENDED_BY_STAFF)
        return visits

    def device(self, person: Person) -> Device:
        """Return one of a person's two or three devices."""
        if person not in self._devices:
            names = [self._random.choice(COMPUTERS), self._random.choice(PHONES)]
            names += [self._random.choice(COMPUTERS)] * self._random.randint(0, 1)
            self._devices[person] = [Device(name, self.address()) for name in names]
        return self._random.choice(self._devices[person])

    def address(self) -> IPAddress:
        """Return an address of a documentation network."""
        if self._random.random() < 0.2:
            site, host = self._random.randrange(1, 0xFFFF), self._random.randrange(1, 0xFFFF)
            return ip_address(f"2001:db8:{site:x}::{host:x}")
        network = self._random.choice(["192.0.2", "198.51.100", "203.0.113"])
        return ip_address(f"{network}.{self._random.randrange(1, 255)}")

    def some(self, least_seconds: float, most_seconds: float) -> timedelta:
        """Return a length of time between the two."""
        return timedelta(seconds=self._random.uniform(least_seconds, most_seconds))

    def _visit(self, person: Person, ending: str) -> Iterator[Visit]:
        limits = self._limits[person.is_staff]
        device = self.device(person)
        over_at: datetime | None = None
        if ending == LIVE:
            last_seen_at = self._now - self.some(0, min(0.6 * limits.idle_seconds, 5 * DAY))
            begins_at = last_seen_at - self.some(0, 0.35 * limits.absolute_seconds)
        elif ending == EndReason.IDLE:
            over_at = self._now - self.some(600, 15 * DAY)
            last_seen_at = over_at - timedelta(seconds=limits.idle_seconds)
            begins_at = last_seen_at - self.some(0, 0.1 * limits.absolute_seconds)
        elif ending == EndReason.EXPIRED:
            over_at = self._now - self.some(600, 20 * DAY)
            last_seen_at = over_at - self.some(0, 0.5 * limits.idle_seconds)
            begins_at = over_at - timedelta(seconds=limits.absolute_seconds)
        else:
            over_at = self._now - self.some(4 * 3600, 25 * DAY)
            begins_at = over_at - self.some(600, min(0.5 * limits.absolute_seconds, 3 * DAY))
            rest = min(0.3 * limits.idle_seconds, (over_at - begins_at).total_seconds())
            last_seen_at = over_at - self.some(0, rest)
        yield Visit(person, device, begins_at, last_seen_at, ending, over_at)
        if ending == EndReason.REPLACED and over_at is not None:
            left_at = over_at + self.some(600, 3 * 3600)
            yield Visit(person, device, over_at, left_at, EndReason.SIGNED_OUT, left_at)
