"""The ``govapp`` command: what the pages do, from a terminal, as the actor ``system``.

``govapp -c development.ini …``; the ini also from ``GOVAPP_INI``. Exit status 0 done, 1 refused or
failed (a plain line on stderr says why), 2 usage. The terminal sees logins and addresses in full;
a secret is printed only where a one-time link was asked for.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from govapp.cli import check, database, groups, init, maintenance, sessions, trail, users
from govapp.cli.context import Context, explained, first_line, read_ini
from govapp.facts import utc_now
from govapp.giving import Refused
from govapp.settings import SettingsError

NOUNS = (database, init, users, groups, sessions, maintenance, trail, check)


def main(argv: Sequence[str] | None = None, *, clock: Callable[[], datetime] = utc_now) -> int:
    """Run one call of the command and return its exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A name with an umlaut must not keep an ASCII terminal from the one-time link after it.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = _run(sys.argv[1:] if argv is None else argv, clock)
        # Here, where an output that takes nothing is still an answer.
        _flush()
        return status
    except (Refused, SettingsError) as error:
        message = str(error)
    except SQLAlchemyError as error:
        message = explained(error)
    except BrokenPipeError:
        message = "Nobody reads the output any more."
    except (OSError, UnicodeError) as error:
        message = f"The system refused: {first_line(error)}"
    _give_up_output()
    print(f"govapp: {message}", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of every call."""
    top = argparse.ArgumentParser(
        prog="govapp", description="Who is signed in, and ending it at once."
    )
    top.add_argument(
        "-c",
        dest="ini",
        metavar="INI",
        default=os.environ.get("GOVAPP_INI"),
        required="GOVAPP_INI" not in os.environ,
        help="the settings, such as development.ini (or GOVAPP_INI)",
    )
    calls = top.add_subparsers(dest="noun", required=True, metavar="CALL")
    for noun in NOUNS:
        noun.add_calls(calls)
    return top


def _run(words: Sequence[str], clock: Callable[[], datetime]) -> int:
    top = parser()
    try:
        if any("\ud800" <= letter <= "\udfff" for letter in "".join(words)):
            # Bytes that are no text: neither a database nor a terminal takes them.
            top.error("the words of a call must be text")
        arguments = top.parse_args(words)
    except SystemExit as left:
        # argparse has said what is wrong, or printed the help.
        return int(left.code or 0)
    ini = read_ini(arguments.ini)
    if arguments.noun == "check":
        return check.run(ini)
    arguments.run(Context.of(ini, now=clock()), arguments)
    return 0


def _flush() -> None:
    """Write what print still holds; nothing where there is no output at all."""
    print(end="", flush=True)


def _give_up_output() -> None:
    """Lose what cannot be written, or Python would complain of it again when it closes."""
    try:
        _flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
