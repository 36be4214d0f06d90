"""Guesses are counted before they are answered (invariant 13).

An attempt is reserved by atomic upserts on the independent connection, before the request's
transaction has begun and before any hash is computed; success takes the counts back. So neither
a rollback, nor a crash, nor fifty guesses at once on several machines are free.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session as DBSession

from govapp.models import Throttle
from govapp.models.base import IPAddress
from govapp.network import coarse
from govapp.upsert import insert

# NIST SP 800-63B-4, 3.2.2: at most 100 consecutive failures for one account.
HARD_STOP_ATTEMPTS = 100
LONGEST_DELAY_SECONDS = 900
# Counts are forgotten after a day without an attempt.
FORGET_SECONDS = 86_400
# Of a bucket without a delay. Not "now": another request's may be a little earlier, or another
# machine's clock, and would be refused.
NOT_BLOCKED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What attempts are counted under, and how many are free of delay."""

    key: str
    free: int
    # A source may be an office of hundreds: it is slowed down, never shut out for a day.
    hard_stop: bool = True


class Throttled(Exception):
    """Raised when the next attempt may come only after ``retry_after_seconds``."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"try again in {retry_after_seconds} seconds")
        self.retry_after_seconds = retry_after_seconds


def sign_in_buckets(login_key: str, address: IPAddress | None) -> list[Bucket]:
    """Return what a sign-in counts under: account at source, account, source.

    The account alone bears more than the account at one source, so that a stranger's guesses
    do not at once keep the owner out (S-108). Logins are kept as digests.
    """
    account = hashlib.sha256(login_key.encode()).hexdigest()[:32]
    source = str(coarse(address)) if address is not None else "unknown"
    return [
        Bucket(f"pair:{account}:{source}", free=5),
        Bucket(f"account:{account}", free=20),
        Bucket(f"source:{source}", free=50, hard_stop=False),
    ]


def delay_seconds(attempts: int, bucket: Bucket) -> int:
    """Return how long after this many attempts the next must wait; doubles, up to 15 minutes."""
    if bucket.hard_stop and attempts >= HARD_STOP_ATTEMPTS:
        return FORGET_SECONDS
    if attempts < bucket.free:
        return 0
    return min(LONGEST_DELAY_SECONDS, 5 * 2 ** min(attempts - bucket.free, 10))


def reserve(dbsession: DBSession, buckets: list[Bucket], *, now: datetime) -> int:
    """Count one attempt in every bucket and return the highest count.

    Raises Throttled, and then nothing is to be kept.

    ``dbsession`` is independent; a refused attempt is not counted, so waiting always helps.
    """
    most = 0
    for bucket in buckets:
        forgotten = Throttle.last_at <= now - timedelta(seconds=FORGET_SECONDS)
        statement = (
            insert(dbsession, Throttle)
            .values(key=bucket.key, attempts=1, last_at=now, blocked_until=NOT_BLOCKED)
            .on_conflict_do_update(
                index_elements=[Throttle.key],
                set_={
                    "attempts": case((forgotten, 1), else_=Throttle.attempts + 1),
                    "last_at": now,
                },
                where=forgotten | (Throttle.blocked_until <= now),
            )
            .returning(Throttle.attempts)
        )
        attempts = dbsession.execute(statement).scalar_one_or_none()
        if attempts is None:
            raise Throttled(_wait(dbsession, bucket, now))
        most = max(most, attempts)
        delay = delay_seconds(attempts, bucket)
        if delay:
            row = dbsession.get_one(Throttle, bucket.key, populate_existing=True)
            row.blocked_until = now + timedelta(seconds=delay)
            dbsession.flush()
    return most


def _wait(dbsession: DBSession, bucket: Bucket, now: datetime) -> int:
    until = dbsession.scalar(select(Throttle.blocked_until).where(Throttle.key == bucket.key))
    seconds = (until - now).total_seconds() if until is not None else 0
    return max(1, int(seconds) + 1)


def reset(dbsession: DBSession, buckets: list[Bucket], *, now: datetime) -> None:
    """Take counts back after a success: all of an account's, and this one attempt of a source.

    A source keeps the rest, or a guesser could wipe it by signing in to an account of their own.
    """
    # One by one, in the order in which attempts lock them: nobody waits in a circle.
    for bucket in buckets:
        row = Throttle.key == bucket.key
        if bucket.hard_stop:
            dbsession.execute(delete(Throttle).where(row))
        else:
            one_less = {"attempts": Throttle.attempts - 1, "blocked_until": NOT_BLOCKED}
            dbsession.execute(update(Throttle).where(row).values(one_less))


def forget_old(dbsession: DBSession, *, now: datetime, batch: int) -> int:
    """Remove some counts that no longer say anything; return how many.

    Rows that somebody holds are left for next time, so that nobody waits in a circle.
    """
    old = Throttle.last_at <= now - timedelta(seconds=FORGET_SECONDS)
    keys = dbsession.scalars(
        select(Throttle.key)
        .where(old)
        .order_by(Throttle.key)
        .limit(batch)
        .with_for_update(skip_locked=True)
    ).all()
    dbsession.execute(delete(Throttle).where(Throttle.key.in_(keys)))
    return len(keys)
