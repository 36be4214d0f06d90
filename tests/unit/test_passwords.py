"""Which passwords are good enough, and what verifying one costs."""

import threading
from concurrent.futures import ThreadPoolExecutor

import argon2.low_level
import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from hypothesis import given, settings
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from govapp import passwords
from govapp.passwords import MAX_LENGTH, MIN_LENGTH, Hasher, problem

GOOD = "seven lazy otters swim"
TOO_SHORT, TOO_LONG, TOO_EASY = "at least 15 characters", "at most 1024 characters", "easy to guess"


# ---------------------------------------------------------------- which ones are good enough


@pytest.mark.standard("S-111")
@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", TOO_SHORT),
        ("gx7 lazy otters"[: MIN_LENGTH - 1], TOO_SHORT),
        ("gx7 lazy otters", None),
        (" " * 14, TOO_SHORT),
        ("correct horse battery staple nine"[:64], None),
        ("lazy otters swim in seven rivers and never ask me for my password", None),
        ("x7" + "lazy otters swim " * 60, None),
        (
            "\U0001f9a6\U0001f30a\U0001f5fb\U0001f98a\U0001f335" * 2
            + "\U0001f9ed\U0001fab5\U0001f9f6\U0001f6f6\U0001f370",
            None,
        ),
        ("дельфин читает утром", None),
        ("tHiS iS nOt CoMpOsEd", None),
        ("only lower case letters", None),
    ],
)
def test_length_decides_and_composition_does_not(password, expected):
    found = problem(password)

    assert (found is None) if expected is None else (expected in found)


@pytest.mark.standard("S-111")
def test_the_longest_accepted_has_1024_characters():
    base = "lazy otters swim in seven rivers "
    longest = (base * 40)[:MAX_LENGTH]

    assert len(longest) == 1024
    assert problem(longest) is None
    assert TOO_LONG in problem(longest + "x")


@pytest.mark.standard("S-113")
@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password1Password1",
        "govappgovapp1234",
        "govapp govapp govapp",
        "aaaaaaaaaaaaaaaa",
        "1234567890123456",
        "qwertyuiopasdfgh",
        "abcabcabcabcabcabc",
        "iloveyouiloveyou",
        "a" * 1000,
    ],
)
def test_common_passwords_are_refused_with_the_reason(password):
    assert TOO_EASY in problem(password)


def lengthened(word):
    """Return a word repeated until it is long enough, as people do when they are told so."""
    return word * max(2, -(-MIN_LENGTH // len(word)))


@pytest.mark.standard("S-113")
def test_the_3000_most_common_passwords_are_refused_at_any_length():
    common = list(FREQUENCY_LISTS["passwords"])
    long_enough = [word for word in common if len(word) >= MIN_LENGTH]

    assert len(long_enough) > 30
    accepted = [
        word for word in [*long_enough, *map(lengthened, common[:3000])] if problem(word) is None
    ]
    assert accepted == []


@pytest.mark.standard("S-113")
@pytest.mark.parametrize(
    ("password", "about"),
    [
        ("beatrix.kowalska1", ["beatrix.kowalska@example.org"]),
        ("Beatrix Kowalska", ["bk@example.org", "Beatrix Kowalska"]),
        ("unlikelydomain.example", ["bea@unlikelydomain.example"]),
    ],
)
def test_what_is_known_about_a_person_makes_no_password(password, about):
    assert problem(password) is None
    assert TOO_EASY in problem(password, about=about)


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=MIN_LENGTH, max_size=80), st.lists(st.text(max_size=20), max_size=2))
def test_no_text_is_an_error(password, about):
    problem(password, about=about)


# ---------------------------------------------------------------- hashing


@pytest.fixture
def hasher():
    return Hasher(memory_kib=8, iterations=1)


@pytest.fixture
def hashes(hasher, monkeypatch):
    """Count the hashes that are computed, where argon2 computes them."""
    computed = []

    def counting(name):
        compute = getattr(argon2.low_level, name)

        def wrapper(*args, **kw):
            try:
                answer = compute(*args, **kw)
            except VerifyMismatchError:
                computed.append(name)
                raise
            # A hash that cannot be read raises another error, and nothing was computed.
            computed.append(name)
            return answer

        # PasswordHasher found its functions when it was imported.
        monkeypatch.setattr(f"argon2._password_hasher.{name}", wrapper)

    counting("verify_secret")
    counting("hash_secret")
    return computed


@pytest.mark.standard("S-112")
def test_a_hash_is_salted_argon2id_with_the_parameters_given(hasher):
    one, two = hasher.hash(GOOD), hasher.hash(GOOD)

    assert one != two
    assert one.startswith("$argon2id$v=19$m=8,t=1,p=1$")


@pytest.mark.standard("S-112")
def test_the_default_parameters_are_those_of_owasp():
    assert (passwords.MIN_MEMORY_KIB, passwords.MIN_ITERATIONS) == (19 * 1024, 2)


@pytest.mark.standard("S-020")
@pytest.mark.parametrize(
    ("stored", "attempt", "matches"),
    [
        (GOOD, GOOD, True),
        (GOOD, "wrong", False),
        (GOOD, "", False),
        (GOOD, "x" * 5000, False),
        (None, GOOD, False),
        (None, "nobody has this password", False),
        (None, "", False),
        (None, "x" * 5000, False),
    ],
)
def test_every_answer_costs_exactly_one_hash(hasher, hashes, stored, attempt, matches):
    kept = hasher.hash(stored) if stored else None
    hashes.clear()

    assert hasher.verify(kept, attempt) is matches
    assert hashes == ["verify_secret"]


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$broken", "$2b$12$abcdefghijklmnopqrstuv"])
def test_what_is_no_hash_of_ours_belongs_to_nobody(hasher, stored):
    assert hasher.verify(stored, GOOD) is False
    assert hasher.verify(stored, "nobody has this password") is False


@pytest.mark.standard("S-020")
@pytest.mark.parametrize("stored", ["", "x", "$argon2id$broken", "$2b$12$abcdefghijklmnopqrstuv"])
def test_a_stored_hash_that_is_broken_takes_as_long_as_a_wrong_password(hasher, hashes, stored):
    hashes.clear()

    hasher.verify(stored, GOOD)

    assert hashes == ["verify_secret"]


@pytest.mark.standard("S-111")
@pytest.mark.parametrize("length", [64, 72, 73, 128, MAX_LENGTH])
def test_the_last_character_matters(hasher, length):
    password = "x" * (length - 1)

    stored = hasher.hash(password + "a")

    assert hasher.verify(stored, password + "a")
    assert not hasher.verify(stored, password + "b")
    assert not hasher.verify(stored, password)
    assert not hasher.verify(stored, password + "aa")


@pytest.mark.standard("S-111")
@pytest.mark.parametrize("other", [GOOD.upper(), f" {GOOD}", f"{GOOD} ", GOOD.replace("e", "é")])
def test_a_password_is_verified_exactly_as_received(hasher, other):
    assert not hasher.verify(hasher.hash(GOOD), other)


def test_emoji_and_other_scripts_work(hasher):
    for password in ("🦦🌊" * 10, "дельфин читает утром", "e\u0301" * 10):
        assert hasher.verify(hasher.hash(password), password)


def test_a_longer_password_than_was_ever_accepted_is_nobodys(hasher):
    stored = hasher.hash("x" * MAX_LENGTH)

    assert hasher.verify(stored, "x" * MAX_LENGTH)
    assert not hasher.verify(stored, "x" * (MAX_LENGTH + 1))


@pytest.mark.standard("S-112")
@pytest.mark.parametrize(
    ("memory_kib", "iterations", "outdated"), [(8, 1, False), (16, 1, True), (8, 2, True)]
)
def test_a_hash_with_other_parameters_is_outdated(hasher, memory_kib, iterations, outdated):
    stored = hasher.hash(GOOD)
    today = Hasher(memory_kib=memory_kib, iterations=iterations)

    assert today.verify(stored, GOOD)
    assert today.needs_rehash(stored) is outdated


@pytest.mark.standard("S-112")
def test_only_as_many_hashes_at_once_as_there_are_processors(monkeypatch):
    monkeypatch.setattr(passwords.os, "cpu_count", lambda: 2)
    hasher = Hasher(memory_kib=8, iterations=1)
    stored = hasher.hash(GOOD)
    running, most, lock = 0, 0, threading.Lock()
    verify = PasswordHasher.verify

    def slow(*args):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.02)
        try:
            return verify(*args)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(PasswordHasher, "verify", slow)
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: hasher.verify(stored, GOOD), range(12)))

    assert all(answers)
    assert most == 2


def test_a_failed_hash_gives_its_turn_back(hasher):
    stored = hasher.hash(GOOD)

    for _ in range(20):
        assert not hasher.verify("broken", GOOD)

    assert hasher.verify(stored, GOOD)
