"""Row numbers in the addresses of pages, sealed: they would tell how many rows others have. Pure.

A sealed number is 32 hexadecimal digits, always the same for a number, and only the holder of
the secret can make or read one: a signature of the number, and the number masked by a signature
of that (the synthetic initialisation vector of RFC 5297, for a single block).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

_BYTES = 8


def seal(number: int, secrets: Sequence[bytes]) -> str:
    """Return a number from 0 to 2**64 - 1 sealed with the newest secret."""
    return _sealed(number.to_bytes(_BYTES), secrets[0]).hex()


def unseal(text: str, secrets: Sequence[bytes]) -> int | None:
    """Return the number that one of the secrets sealed, or None for what none of them did."""
    try:
        sealed = bytes.fromhex(text)
    except ValueError:
        return None
    for secret in secrets:
        raw = _masked(sealed[_BYTES:], sealed[:_BYTES], secret)
        if hmac.compare_digest(sealed, _sealed(raw, secret)):
            return int.from_bytes(raw)
    return None


def _sealed(raw: bytes, secret: bytes) -> bytes:
    signature = _signature(raw, b"signature", secret)
    return signature + _masked(raw, signature, secret)


def _masked(raw: bytes, signature: bytes, secret: bytes) -> bytes:
    mask = _signature(signature, b"mask", secret)
    return bytes(one ^ other for one, other in zip(raw, mask, strict=False))


def _signature(text: bytes, use: bytes, secret: bytes) -> bytes:
    # The purpose is part of the key: no other use of the secret can make this signature.
    key = hmac.digest(secret, b"govapp page cursor " + use, hashlib.sha256)
    return hmac.digest(key, text, hashlib.sha256)[:_BYTES]
