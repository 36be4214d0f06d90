"""Static files with their content's hash in the URL, so that browsers keep them for a year."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from pyramid.request import Request
from pyramid.static import QueryStringCacheBuster

ROOT = "govapp.ui:static/"
MAX_AGE_SECONDS = 365 * 86_400
_FOLDER = Path(__file__).parent / "static"


class HashBuster(QueryStringCacheBuster):
    """Adds ``?x=<hash of the file>``."""

    def tokenize(self, request: Request, subpath: str, kw: Any) -> str:
        """Return the first digits of the file's SHA-256."""
        return content_hash(subpath)


@lru_cache(maxsize=100)
def content_hash(name: str) -> str:
    """Return the first 12 hex digits of a static file's SHA-256."""
    return hashlib.sha256((_FOLDER / name).read_bytes()).hexdigest()[:12]
