"""How long one waits after how many attempts, and what attempts count under."""

import ipaddress

import pytest

from govapp.throttle import (
    FORGET_SECONDS,
    HARD_STOP_ATTEMPTS,
    LONGEST_DELAY_SECONDS,
    Bucket,
    delay_seconds,
    sign_in_buckets,
)

ADDRESS = ipaddress.ip_address("203.0.113.7")


@pytest.mark.standard("S-106")
@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [
        (0, 0),
        (1, 0),
        (4, 0),
        (5, 5),
        (6, 10),
        (7, 20),
        (8, 40),
        (9, 80),
        (10, 160),
        (11, 320),
        (12, 640),
        (13, LONGEST_DELAY_SECONDS),
        (99, LONGEST_DELAY_SECONDS),
        (100, FORGET_SECONDS),
        (101, FORGET_SECONDS),
        (10**9, FORGET_SECONDS),
    ],
)
def test_the_delay_doubles_up_to_15_minutes_and_stops_hard_at_100(attempts, seconds):
    assert delay_seconds(attempts, Bucket("account:x", free=5)) == seconds


@pytest.mark.standard("S-106")
def test_an_account_has_at_most_100_failures_in_a_row():
    assert HARD_STOP_ATTEMPTS == 100
    assert FORGET_SECONDS == 86_400


@pytest.mark.standard("S-108")
@pytest.mark.parametrize("attempts", [100, 101, 10**9])
def test_a_source_is_slowed_down_and_never_shut_out(attempts):
    source = Bucket("source:x", free=50, hard_stop=False)

    assert delay_seconds(attempts, source) == LONGEST_DELAY_SECONDS


def test_a_longer_row_of_attempts_never_waits_less():
    for bucket in sign_in_buckets("bea", ADDRESS):
        delays = [delay_seconds(attempts, bucket) for attempts in range(300)]

        assert delays == sorted(delays)


@pytest.mark.standard("S-108")
def test_the_account_alone_bears_more_than_the_account_at_one_source():
    pair, account, source = sign_in_buckets("bea", ADDRESS)

    assert pair.free < account.free < source.free
    assert (pair.hard_stop, account.hard_stop, source.hard_stop) == (True, True, False)


def keys(login_key, address):
    return [bucket.key for bucket in sign_in_buckets(login_key, address)]


def test_the_same_person_at_the_same_site_counts_under_the_same_keys():
    assert keys("bea", ADDRESS) == keys("bea", ipaddress.ip_address("203.0.113.250"))


def test_another_site_shares_the_account_only():
    mine, other = keys("bea", ADDRESS), keys("bea", ipaddress.ip_address("198.51.100.1"))

    assert [a == b for a, b in zip(mine, other, strict=True)] == [False, True, False]


def test_another_login_at_the_same_site_shares_the_source_only():
    mine, other = keys("bea", ADDRESS), keys("bob", ADDRESS)

    assert [a == b for a, b in zip(mine, other, strict=True)] == [False, False, True]


def test_ipv6_neighbours_in_one_site_are_one_source():
    neighbours = ("2001:db8:1:2::3", "2001:db8:1:ffff:ffff::")

    one, two = (keys("bea", ipaddress.ip_address(address)) for address in neighbours)

    assert one == two


def test_no_address_is_one_source_of_its_own():
    assert keys("bea", None)[2] == "source:unknown"


@pytest.mark.standard("S-121")
def test_logins_and_full_addresses_are_not_kept():
    joined = " ".join(keys("bea@example.org", ADDRESS))

    assert "bea" not in joined
    assert str(ADDRESS) not in joined


def test_a_login_of_any_length_makes_a_short_key():
    assert max(map(len, keys("x" * 100_000 + "\x00\U0001f9a6", ADDRESS))) < 100
