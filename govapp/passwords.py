"""Passwords: which ones are good enough, how they are hashed, and how many at once. Pure.

NIST SP 800-63B-4, 3.1.1: at least 15 characters where the password is the only factor, at
least 64 accepted, no composition rules, a block-list. Verified exactly as received (ASVS 6.2.8).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from zxcvbn import zxcvbn

MIN_LENGTH = 15
MAX_LENGTH = 1024
# Guesses below which a password counts as common; 63B leaves the figure to the verifier.
MIN_GUESSES = 10**9
# The estimator's time grows with the square of the length, and a long beginning says enough.
_ESTIMATED_LENGTH = 64
# OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, 2 iterations, 1 lane.
MIN_MEMORY_KIB = 19456
MIN_ITERATIONS = 2


def problem(password: str, *, about: Iterable[str] = ()) -> str | None:
    """Return why a new password is not good enough, as a sentence, or None.

    ``about`` are words that an attacker would try first: the login, the name.
    """
    if len(password) < MIN_LENGTH:
        return f"Use at least {MIN_LENGTH} characters; a few unrelated words make a good password."
    if len(password) > MAX_LENGTH:
        return f"Use at most {MAX_LENGTH} characters."
    words = ["govapp", *(word for text in about for word in text.casefold().split("@"))]
    beginning = password[:_ESTIMATED_LENGTH]
    if int(zxcvbn(beginning, user_inputs=words)["guesses"]) < MIN_GUESSES:
        return "This password is too easy to guess; use a few unrelated words instead."
    return None


class Hasher:
    """Argon2id with a bound on how many hashes are made at once.

    Each takes its memory for a tenth of a second: without a bound, fifty sign-ins at once would
    take all of it and starve people who are signed in (S-112).
    """

    def __init__(self, *, memory_kib: int, iterations: int) -> None:
        self._argon2 = PasswordHasher(memory_cost=memory_kib, time_cost=iterations, parallelism=1)
        self._turn = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._nobody = self._argon2.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """Return a salted hash to store."""
        with self._turn:
            return self._argon2.hash(password)

    def verify(self, stored: str | None, password: str) -> bool:
        """Tell whether the password belongs to the stored hash.

        Always computes exactly one hash, so that an account without a password, or no account,
        takes as long as a wrong password (S-020).
        """
        with self._turn:
            is_right = self._matches(stored or self._nobody, password)
        # A longer one was never accepted, so it is nobody's password.
        return is_right and bool(stored) and len(password) <= MAX_LENGTH

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, password[:MAX_LENGTH])
        except VerifyMismatchError:
            return False
        except (VerificationError, InvalidHashError):
            if stored is self._nobody:
                # Ours is a good one: there is no memory for a hash, so nobody can tell.
                raise
            # Refused before it was computed: what is stored is no hash of ours.
            self._matches(self._nobody, password)
            return False

    def needs_rehash(self, stored: str) -> bool:
        """Tell whether a stored hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(stored)
