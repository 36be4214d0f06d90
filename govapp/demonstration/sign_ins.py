"""The passwords of the demonstration: random for each database, in a file for its owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sqlalchemy import URL

from govapp import passwords

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def sign_ins_file(url: URL, ini: str) -> Path:
    """Return where the sign-ins are kept: beside SQLite's file, else beside the ini."""
    if url.get_backend_name() == "sqlite":
        return Path(f"{url.database}.sign-ins")
    return Path(ini).resolve().parent / "govapp.sign-ins"


def new_password(*, about: list[str]) -> str:
    """Return a random password that the password rules accept: 98 bits, easy to type."""
    while True:
        letters = [secrets.choice(ALPHABET) for _ in range(20)]
        password = "-".join("".join(letters[start : start + 5]) for start in range(0, 20, 5))
        if passwords.problem(password, about=about) is None:
            return password


def write(path: Path, lines: list[str]) -> None:
    """Write a new file that only its owner can read, in place of an old one."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
