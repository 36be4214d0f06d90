"""Secrets and public ids of sessions. Pure.

A token is 256 random bits (S-001); only its SHA-256 is stored (S-003). It carries nothing
(S-002), so there is nothing to sign: guessing one is as hard as breaking a signature.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid

TOKEN_BYTES = 32
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_PUBLIC_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def new_token() -> str:
    """Return a new secret: 43 URL-safe characters."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def parse_token(text: str | None) -> str | None:
    """Return the text if it has the form of a token, else None; asked before any query (S-007)."""
    return text if text is not None and _TOKEN.fullmatch(text) else None


def digest(token: str) -> bytes:
    """Return the 32 bytes under which a token is stored and looked up."""
    return hashlib.sha256(token.encode("ascii")).digest()


def new_public_id() -> uuid.UUID:
    """Return a random id for pages and URLs; it is no credential."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


def parse_public_id(text: str) -> uuid.UUID | None:
    """Return the public id in 32 lower-case hex digits, else None."""
    return uuid.UUID(text) if _PUBLIC_ID.fullmatch(text) else None
