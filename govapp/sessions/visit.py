"""The visit cookie: what an anonymous visitor needs, signed, short-lived and small. Pure.

It carries the CSRF token, flash messages, why the last session ended, and a one-time token on
its way to ``/welcome``; nothing in it signs anybody in. It costs no row (S-109).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

LIFETIME_SECONDS = 7200
# Browsers keep 4096 bytes of name, value and attributes (RFC 6265bis, 5.6).
MAX_BYTES = 3600


def seal(state: dict[str, Any], secrets: Sequence[bytes], *, now: datetime) -> str | None:
    """Return the cookie's value for this state, signed with the newest secret.

    Returns None if it would be too large to keep.
    """
    expires = int(now.timestamp()) + LIFETIME_SECONDS
    body = json.dumps([expires, state], separators=(",", ":"), ensure_ascii=True).encode()
    value = f"{_encode(body)}.{_encode(_signature(body, secrets[0]))}"
    return value if len(value) <= MAX_BYTES else None


def unseal(value: str | None, secrets: Sequence[bytes], *, now: datetime) -> dict[str, Any]:
    """Return the state in a cookie, or an empty one for whatever is not ours, or too old."""
    if value is None or len(value) > MAX_BYTES or value.count(".") != 1:
        return {}
    try:
        body, signature = (_decode(part) for part in value.split("."))
    except ValueError:
        return {}
    if not any(hmac.compare_digest(signature, _signature(body, secret)) for secret in secrets):
        return {}
    expires, state = json.loads(body)
    return state if expires > now.timestamp() else {}


def _signature(body: bytes, secret: bytes) -> bytes:
    # The purpose is part of the key: no other use of the secret can make this signature.
    key = hmac.digest(secret, b"govapp visit cookie", hashlib.sha256)
    return hmac.digest(key, body, hashlib.sha256)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)
