"""The demonstration: ``python -m govapp.demonstration development.ini``, as ``make serve`` does.

On an empty database it loads some sixty people, their sessions of the last weeks and the audit
trail of these, so that every page has something to show; where there are users, it loads nothing.
It prints where to go and how to sign in. The application itself never loads it, and production is
refused.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from random import Random

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session as DBSession

from govapp.cli.context import Context, explained, read_ini
from govapp.demonstration.people import SIGN_INS, Person, everybody
from govapp.demonstration.sign_ins import new_password, sign_ins_file, write
from govapp.demonstration.stage import Stage
from govapp.demonstration.story import tell
from govapp.facts import utc_now
from govapp.giving import Refused
from govapp.models import User
from govapp.passwords import Hasher
from govapp.settings import SettingsError

SEED = 2026


def main(argv: Sequence[str] | None = None, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Load the demonstration where there is nobody yet; return the exit status."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        print("usage: python -m govapp.demonstration INI", file=sys.stderr)
        return 2
    try:
        context = Context.of(read_ini(arguments[0]), now=clock())
        if context.settings.env == "production":
            raise Refused("The demonstration is not for production.")
        _present(context, sign_ins_file(context.url, arguments[0]))
    except (Refused, SettingsError) as error:
        message = str(error)
    except SQLAlchemyError as error:
        message = explained(error)
    else:
        return 0
    print(f"govapp: {message}", file=sys.stderr)
    return 1


def _present(context: Context, file: Path) -> None:
    visits = 0
    with context.transaction() as dbsession:
        if dbsession.scalar(select(User.id).limit(1)) is None:
            visits = _load(context, dbsession, file)
    if visits:
        print(f"Loaded the demonstration: {len(everybody())} people, {visits} sessions.")
    print(f"Go to {context.settings.base_url} and sign in.")
    if file.is_file():
        print(f"These can, as {file} says:")
        print(file.read_text(encoding="utf-8"), end="")


def _load(context: Context, dbsession: DBSession, file: Path) -> int:
    """Load everything and keep the sign-ins; return how many sessions there are."""
    people = everybody()
    passwords = {
        person.login: new_password(about=[person.login, person.name])
        for person in people
        if person.login in SIGN_INS
    }
    stage = Stage(dbsession, context.settings, random=Random(SEED), now=context.now)
    visits = tell(stage, people, _hashes(context, people, passwords))
    write(
        file,
        [
            f"  {person.login:<26}{passwords[person.login]}   {person.name}, {person.group}"
            for person in people
            if person.login in passwords
        ],
    )
    return visits


def _hashes(context: Context, people: list[Person], passwords: dict[str, str]) -> dict[str, str]:
    settings = context.settings
    hasher = Hasher(memory_kib=settings.argon2_memory_kib, iterations=settings.argon2_iterations)
    # Nobody knows it: the other people are there to be looked at.
    unknown = hasher.hash(secrets.token_urlsafe(32))
    return {
        person.login: hasher.hash(passwords[person.login]) if person.login in passwords else unknown
        for person in people
    }
