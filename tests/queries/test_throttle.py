"""Attempts are counted before they are answered: exactly, and also many at once."""

import ipaddress
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import make_url
from sqlalchemy.orm import Session as DBSession

from govapp import throttle
from govapp.db import independent_engine
from govapp.models import Throttle
from govapp.throttle import (
    FORGET_SECONDS,
    HARD_STOP_ATTEMPTS,
    Bucket,
    Throttled,
    forget_old,
    reset,
    sign_in_buckets,
)

ACCOUNT = Bucket("account:bea", free=3)
SOURCE = Bucket("source:here", free=4, hard_stop=False)
OTHER = Bucket("account:bob", free=3)
SECOND = timedelta(seconds=1)


def reserve(database, *buckets, now):
    """Count one attempt and return the highest count, or how many seconds to wait."""
    try:
        with database.begin() as db:
            return throttle.reserve(db, list(buckets), now=now)
    except Throttled as throttled:
        return f"wait {throttled.retry_after_seconds}"


def attempts(database):
    with database() as db:
        return {row.key: row.attempts for row in db.query(Throttle)}


# ---------------------------------------------------------------- one after another


@pytest.mark.standard("S-106")
def test_free_attempts_are_free_and_then_the_delay_doubles(database, now):
    assert [reserve(database, ACCOUNT, now=now) for _ in range(3)] == [1, 2, 3]

    waits = []
    for count in range(4, 9):
        waits.append(reserve(database, ACCOUNT, now=now))
        now += timedelta(seconds=int(waits[-1].removeprefix("wait ")) - 1)
        assert reserve(database, ACCOUNT, now=now) == count

    assert waits == ["wait 6", "wait 11", "wait 21", "wait 41", "wait 81"]


@pytest.mark.standard("S-106")
def test_the_wait_ends_at_its_second(database, now):
    for _ in range(3):
        reserve(database, ACCOUNT, now=now)

    assert reserve(database, ACCOUNT, now=now + 4 * SECOND) == "wait 2"
    assert reserve(database, ACCOUNT, now=now + timedelta(seconds=4.5)) == "wait 1"
    assert reserve(database, ACCOUNT, now=now + 5 * SECOND) == 4


def test_a_refused_attempt_is_not_counted_and_does_not_lengthen_the_wait(database, now):
    for _ in range(3):
        reserve(database, ACCOUNT, now=now)

    for _ in range(50):
        assert reserve(database, ACCOUNT, now=now + SECOND) == "wait 5"

    assert attempts(database) == {"account:bea": 3}
    assert reserve(database, ACCOUNT, now=now + 5 * SECOND) == 4


def test_a_refusal_by_one_bucket_counts_in_none(database, now):
    for _ in range(3):
        reserve(database, ACCOUNT, now=now)

    assert reserve(database, SOURCE, ACCOUNT, now=now) == "wait 6"
    assert reserve(database, ACCOUNT, SOURCE, now=now) == "wait 6"

    assert attempts(database) == {"account:bea": 3}


def test_buckets_are_counted_apart_and_the_highest_count_is_told(database, now):
    reserve(database, ACCOUNT, SOURCE, now=now)
    reserve(database, OTHER, SOURCE, now=now)

    assert reserve(database, ACCOUNT, SOURCE, now=now) == 3
    assert attempts(database) == {"account:bea": 2, "account:bob": 1, "source:here": 3}


@pytest.mark.standard("S-106")
def test_the_101st_attempt_in_a_row_waits_for_a_day(database, now):
    with database.begin() as db:
        db.add(Throttle(key="account:bea", attempts=HARD_STOP_ATTEMPTS - 1,
                        last_at=now, blocked_until=now))  # fmt: skip

    assert reserve(database, ACCOUNT, now=now) == 100

    last = now + timedelta(seconds=FORGET_SECONDS) - SECOND
    assert reserve(database, ACCOUNT, now=last) == "wait 2"
    assert reserve(database, ACCOUNT, now=last + SECOND) == 1


@pytest.mark.standard("S-108")
def test_a_source_waits_15_minutes_at_most(database, now):
    with database.begin() as db:
        db.add(Throttle(key="source:here", attempts=5000, last_at=now, blocked_until=now))

    assert reserve(database, SOURCE, now=now) == 5001
    assert reserve(database, SOURCE, now=now) == "wait 901"
    assert reserve(database, SOURCE, now=now + timedelta(minutes=15)) == 5002


def test_a_day_without_an_attempt_forgets_and_a_day_since_the_first_does_not(database, now):
    day = timedelta(seconds=FORGET_SECONDS)
    reserve(database, ACCOUNT, now=now)

    assert reserve(database, ACCOUNT, now=now + day - SECOND) == 2
    assert reserve(database, ACCOUNT, now=now + day) == 3
    assert reserve(database, ACCOUNT, now=now + 2 * day) == 1


def test_a_request_whose_present_is_a_little_earlier_is_not_refused(database, now):
    """Two requests at once, or two machines whose clocks differ."""
    assert reserve(database, ACCOUNT, SOURCE, now=now + SECOND) == 1
    assert reserve(database, ACCOUNT, SOURCE, now=now) == 2

    with database.begin() as db:
        reset(db, [ACCOUNT, SOURCE], now=now + SECOND)

    assert reserve(database, ACCOUNT, SOURCE, now=now) == 2


# ---------------------------------------------------------------- success


@pytest.mark.standard("S-106")
def test_success_takes_back_all_of_the_account_and_one_of_the_source(database, now):
    for _ in range(2):
        reserve(database, ACCOUNT, SOURCE, now=now)
    reserve(database, OTHER, SOURCE, now=now)

    with database.begin() as db:
        reset(db, [ACCOUNT, SOURCE], now=now)

    assert attempts(database) == {"account:bob": 1, "source:here": 2}
    assert reserve(database, ACCOUNT, now=now) == 1


def test_signing_in_to_an_account_of_ones_own_frees_no_guesses(database, now):
    """Guess at somebody, sign in as oneself, again and again: the source still slows down."""
    guesses = 0
    for turn in range(20):
        if isinstance(reserve(database, Bucket(f"account:{turn}", free=3), SOURCE, now=now), int):
            guesses += 1
        if isinstance(reserve(database, OTHER, SOURCE, now=now), int):
            with database.begin() as db:
                reset(db, [OTHER, SOURCE], now=now)

    assert guesses == SOURCE.free


def test_a_success_without_a_count_changes_nothing(database, now):
    with database.begin() as db:
        reset(db, [ACCOUNT, SOURCE], now=now)

    assert attempts(database) == {}


# ---------------------------------------------------------------- forgetting


@pytest.mark.standard("S-129")
def test_counts_of_more_than_a_day_ago_are_removed_in_batches(database, now):
    day = timedelta(seconds=FORGET_SECONDS)
    for number in range(3):
        reserve(database, Bucket(f"account:{number}", free=3), now=now - day)
    reserve(database, ACCOUNT, now=now - day + SECOND)

    removed = []
    for _ in range(3):
        with database.begin() as db:
            removed.append(forget_old(db, now=now, batch=2))

    assert removed == [2, 1, 0]
    assert attempts(database) == {"account:bea": 1}


# ---------------------------------------------------------------- at once


@pytest.fixture
def independent(database_url):
    engine = independent_engine(make_url(database_url))
    yield engine
    engine.dispose()


def race(engine, bucket_lists, *, now):
    """Reserve for each list of buckets from a thread of its own, all at once."""
    barrier = threading.Barrier(len(bucket_lists))

    def attempt(buckets):
        barrier.wait()
        try:
            with DBSession(engine) as db, db.begin():
                return throttle.reserve(db, buckets, now=now)
        except Throttled:
            return None

    with ThreadPoolExecutor(len(bucket_lists)) as threads:
        return list(threads.map(attempt, bucket_lists))


@pytest.mark.standard("S-107")
@pytest.mark.parametrize("earlier", [0, 2])
def test_many_guesses_at_once_get_no_more_than_one_after_another(
    database, independent, now, earlier
):
    for _ in range(earlier):
        reserve(database, ACCOUNT, now=now)

    answers = race(independent, [[ACCOUNT]] * 16, now=now)

    counted = sorted(answer for answer in answers if answer is not None)
    assert counted == list(range(earlier + 1, ACCOUNT.free + 1))
    assert attempts(database) == {"account:bea": ACCOUNT.free}


def test_many_sources_at_once_share_the_account(database, independent, now):
    lists = [
        sign_in_buckets("bea", ipaddress.ip_address(f"203.0.{number}.7")) for number in range(24)
    ]

    answers = race(independent, lists, now=now)

    # 20 are free for the account alone, wherever they come from.
    assert sum(answer is not None for answer in answers) == 20


def test_many_accounts_at_once_share_the_source(database, independent, now):
    address = ipaddress.ip_address("203.0.113.7")
    lists = [sign_in_buckets(f"user{number}", address) for number in range(16)]

    answers = race(independent, lists, now=now)

    assert sorted(answers) == list(range(1, 17))


@pytest.mark.standard("S-107")
def test_what_was_reserved_survives_whatever_comes_of_it(database, independent, now):
    with DBSession(independent) as db, db.begin():
        throttle.reserve(db, [ACCOUNT], now=now)
    independent.dispose()  # The process ends here.

    assert attempts(database) == {"account:bea": 1}


def test_a_success_and_a_guess_at_the_same_account_do_not_wait_in_a_circle(
    database, database_url, independent, now
):
    """Both lock account and source in one order, however the rows lie on disk."""
    pair, account, source = sign_in_buckets("bea", ipaddress.ip_address("203.0.113.7"))
    reserve(database, account, now=now)
    reserve(database, pair, source, now=now)
    if database_url.startswith("sqlite"):
        # One writer: the second waits for the whole of the first, and there is no circle.
        with database.begin() as db:
            reset(db, [pair, account, source], now=now)
        assert reserve(database, pair, account, source, now=now) == 1
        return

    with DBSession(independent) as guess, ThreadPoolExecutor(1) as threads:
        throttle.reserve(guess, [pair], now=now)
        success = threads.submit(_reset, independent, [pair, account, source], now)
        threading.Event().wait(0.2)
        throttle.reserve(guess, [account, source], now=now)
        guess.commit()

        success.result(timeout=5)


def _reset(engine, buckets, now):
    with DBSession(engine) as db, db.begin():
        reset(db, buckets, now=now)
