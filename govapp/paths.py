"""Paths to come back to. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

MAX_LENGTH = 2000


def local_path(text: str | None) -> str | None:
    """Return the text if it is a path on this site, else None (S-021).

    Browsers read ``//host`` and ``/\\host`` as other hosts, and drop tabs and line ends first.
    """
    if not text or len(text) > MAX_LENGTH or not text.startswith("/"):
        return None
    if text.startswith("//") or "\\" in text or not (text.isascii() and text.isprintable()):
        return None
    return text


def path_of(url: str | None, *, host_url: str) -> str | None:
    """Return the local path of a URL on this host, or None for any other."""
    if not url or not url.startswith(f"{host_url}/"):
        return None
    parts = urlsplit(url)
    return local_path(parts.path + (f"?{parts.query}" if parts.query else ""))
