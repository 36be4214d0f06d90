"""The visit cookie: what comes back is what we sealed, in time, or nothing."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govapp.sessions import visit
from govapp.sessions.visit import LIFETIME_SECONDS, MAX_BYTES, seal, unseal

NOW = datetime(2026, 11, 3, 14, 2, 9, tzinfo=UTC)
NEW, OLD, FOREIGN = b"n" * 32, b"o" * 32, b"f" * 32
STATE = {"csrf": "token", "flash": {"": ["Signed out."]}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=4))
def test_what_was_sealed_comes_back(state):
    assert unseal(seal(state, [NEW], now=NOW), [NEW], now=NOW) == state


def test_a_cookies_value_needs_no_quoting():
    value = seal({"flash": {"": ['é " ; , \\ \x7f']}}, [NEW], now=NOW)

    assert value.isascii() and not set(value) & set(' ",;\\')


@pytest.mark.parametrize(
    ("later_seconds", "expected"),
    [
        (0, STATE),
        (LIFETIME_SECONDS - 1, STATE),
        (LIFETIME_SECONDS, {}),
        (LIFETIME_SECONDS + 1, {}),
        (-LIFETIME_SECONDS, STATE),
    ],
)
def test_a_visit_lasts_two_hours(later_seconds, expected):
    value = seal(STATE, [NEW], now=NOW)

    assert LIFETIME_SECONDS == 7200
    assert unseal(value, [NEW], now=NOW + timedelta(seconds=later_seconds)) == expected


@pytest.mark.standard("S-135")
def test_a_cookie_under_the_old_secret_is_read_while_both_are_known():
    before = seal(STATE, [OLD], now=NOW)

    assert unseal(before, [NEW, OLD], now=NOW) == STATE
    assert unseal(before, [NEW], now=NOW) == {}


@pytest.mark.standard("S-135")
def test_the_newest_secret_signs():
    value = seal(STATE, [NEW, OLD], now=NOW)

    assert unseal(value, [NEW], now=NOW) == STATE
    assert unseal(value, [OLD], now=NOW) == {}


def test_a_foreign_secret_or_none_reads_nothing():
    value = seal(STATE, [FOREIGN], now=NOW)

    assert unseal(value, [NEW, OLD], now=NOW) == {}
    assert unseal(value, [], now=NOW) == {}


def regions():
    """Return every byte of the cookie once: those of the body, then those of the signature."""
    body, signature = map(decode, seal(STATE, [NEW], now=NOW).split("."))
    return [(0, n) for n in range(len(body))] + [(1, n) for n in range(len(signature))]


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize("bit", [0x01, 0x80])
def test_a_changed_bit_anywhere_reads_nothing(bit):
    for part, index in regions():
        parts = [bytearray(decode(text)) for text in seal(STATE, [NEW], now=NOW).split(".")]
        parts[part][index] ^= bit

        assert unseal(".".join(map(encode, parts)), [NEW], now=NOW) == {}


def test_a_body_with_a_longer_life_or_another_cookies_signature_reads_nothing():
    body, signature = seal(STATE, [NEW], now=NOW).split(".")
    other_body, _ = seal({"csrf": "other"}, [NEW], now=NOW).split(".")
    longer = json.dumps([int(NOW.timestamp()) + 10**9, STATE]).encode()

    assert unseal(f"{other_body}.{signature}", [NEW], now=NOW) == {}
    assert unseal(f"{encode(longer)}.{signature}", [NEW], now=NOW) == {}
    assert unseal(f"{body}.{signature[:-4]}", [NEW], now=NOW) == {}
    assert unseal(f"{body}.", [NEW], now=NOW) == {}
    assert unseal(f".{signature}", [NEW], now=NOW) == {}


@pytest.mark.standard("S-135")
def test_another_use_of_the_same_secret_cannot_make_the_signature():
    body = json.dumps([int(NOW.timestamp()) + 60, STATE]).encode()
    plain = hmac.digest(NEW, body, hashlib.sha256)

    assert unseal(f"{encode(body)}.{encode(plain)}", [NEW], now=NOW) == {}


def test_what_a_browser_would_not_keep_is_not_sealed():
    largest = next(n for n in range(MAX_BYTES, 0, -1) if seal({"a": "x" * n}, [NEW], now=NOW))

    assert len(seal({"a": "x" * largest}, [NEW], now=NOW)) <= MAX_BYTES
    assert seal({"a": "x" * (largest + 1)}, [NEW], now=NOW) is None
    # With its name and attributes, RFC 6265bis allows 4096 bytes.
    assert len("__Host-govapp-visit=; Max-Age=7200; Path=/; Secure; HttpOnly; SameSite=Lax") < 496


def test_a_value_that_is_too_long_is_not_even_decoded(monkeypatch):
    monkeypatch.setattr(visit, "_decode", lambda text: pytest.fail("decoded"))

    assert unseal("a" * MAX_BYTES + ".a", [NEW], now=NOW) == {}


@pytest.mark.parametrize(
    "value",
    [None, "", ".", "..", "a", "a.b", "a.b.c", "é.é", "\x00.\x00", "=.=", "====.====", "🦦"],
)
def test_garbage_is_an_empty_visit(value):
    assert unseal(value, [NEW], now=NOW) == {}


@given(st.text(max_size=200) | st.from_regex(r"[\w-]{0,60}\.[\w-]{0,60}", fullmatch=True))
def test_no_text_is_an_error(value):
    assert unseal(value, [NEW, OLD], now=NOW) == {}
