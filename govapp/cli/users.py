"""``govapp user …``: people, their passwords and their groups."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session as DBSession

from govapp import audit, giving, passwords, powers, users
from govapp.audit import Event
from govapp.cli.context import SYSTEM, Context
from govapp.cli.output import show
from govapp.filters import plural
from govapp.giving import Refused
from govapp.models import OneTimeLink, User
from govapp.passwords import Hasher
from govapp.policy import EndReason
from govapp.sessions import ending


def add_calls(calls: Any) -> None:
    """Add ``user create``, ``disable``, ``enable``, ``set-password`` and ``groups``."""
    verbs = calls.add_parser("user", help="people, their passwords and their groups")
    verbs = verbs.add_subparsers(dest="verb", required=True, metavar="VERB")

    call = verbs.add_parser("create", help="add a person; prints a one-time link")
    call.add_argument("login", metavar="LOGIN", help="a name or an address")
    call.add_argument("--name", required=True, help="what other people see")
    call.add_argument("--group", dest="groups", action="append", default=[], metavar="G")
    _add_password_option(call)
    call.set_defaults(run=create)

    for verb, run, text in (
        ("disable", disable, "keep somebody out, and end all their sessions"),
        ("enable", enable, "let somebody in again; what ended stays ended"),
        ("set-password", set_password, "end all sessions and the present password; prints a link"),
        ("groups", change_groups, "list somebody's groups, after changing them"),
    ):
        call = verbs.add_parser(verb, help=text)
        call.add_argument("login", metavar="LOGIN")
        call.set_defaults(run=run)
        if verb == "set-password":
            _add_password_option(call)
    call.add_argument("--add", action="append", default=[], metavar="G")
    call.add_argument("--remove", action="append", default=[], metavar="G")
    call.add_argument("--json", action="store_true")


def _add_password_option(call: Any) -> None:
    call.add_argument(
        "--password-stdin",
        action="store_true",
        help="take the password from the first line of the standard input, and print no link",
    )


# ---------------------------------------------------------------- the calls


def create(context: Context, arguments: Namespace) -> None:
    """Add a person to groups, with a password or a link to set one."""
    about = [arguments.login, arguments.name]
    password_hash = _new_hash(context, about) if arguments.password_stdin else None
    token = None
    with context.transaction() as dbsession:
        user = users.create(
            dbsession,
            arguments.login,
            arguments.name,
            password_hash=password_hash,
            actor=SYSTEM,
            now=context.now,
        )
        for group in arguments.groups:
            _join(context, dbsession, user, group)
        if password_hash is None:
            token = _link(context, dbsession, user)
    print(f"Created {user.login}.")
    print_link(context, token)


def disable(context: Context, arguments: Namespace) -> None:
    """Keep somebody out and end all their sessions."""
    with context.transaction() as dbsession:
        user = found(dbsession, arguments.login)
        was_active = user.active
        ended = users.disable(
            dbsession,
            user,
            own_id=None,
            actor=SYSTEM,
            now=context.now,
            limits=context.user_limits,
        )
    if was_active:
        print(f"Disabled {user.login}; ended {plural(ended, 'session')}.")
    else:
        print(f"{user.login} was disabled already.")


def enable(context: Context, arguments: Namespace) -> None:
    """Let somebody in again."""
    with context.transaction() as dbsession:
        user = found(dbsession, arguments.login)
        enabled = users.enable(dbsession, user, actor=SYSTEM, now=context.now)
    print(f"Enabled {user.login}." if enabled else f"{user.login} was enabled already.")


def set_password(context: Context, arguments: Namespace) -> None:
    """Set a password, or take it away and print a link to set one; end all sessions."""
    password_hash = None
    if arguments.password_stdin:
        with context.reading() as reader:
            user = found(reader, arguments.login)
        password_hash = _new_hash(context, [user.login, user.name])
    token = None
    with context.transaction() as dbsession:
        user = found(dbsession, arguments.login)
        # Sessions are locked before the person, as everywhere, so that nobody waits in a circle.
        ended = ending.end_all_of(
            dbsession,
            user.id,
            own_id=None,
            reason=EndReason.PASSWORD_CHANGED,
            actor=SYSTEM,
            now=context.now,
            limits=context.user_limits,
        )
        _void_links(context, dbsession, user)
        if password_hash is not None:
            users.set_password(dbsession, user, password_hash, actor=SYSTEM, now=context.now)
        else:
            _take_password(context, dbsession, user)
            token = _link(context, dbsession, user)
    done = "Set the password" if token is None else "Took away the password"
    print(f"{done} of {user.login}; ended {plural(ended, 'session')}.")
    print_link(context, token)


def change_groups(context: Context, arguments: Namespace) -> None:
    """Add somebody to groups, take them out of others, and list what they belong to."""
    with context.transaction() as dbsession:
        user = found(dbsession, arguments.login)
        for group in arguments.add:
            _join(context, dbsession, user, group)
        for group in arguments.remove:
            giving.remove_member(
                dbsession, group, user.id, giver=None, actor=SYSTEM, now=context.now
            )
        groups = sorted(powers.of_user(dbsession, user.id).groups)
    show([{"group": group} for group in groups], {"group": 0}, as_json=arguments.json)


# ---------------------------------------------------------------- their parts


def found(dbsession: DBSession, login: str) -> User:
    """Return the person with this login. Raises Refused."""
    user = users.by_login(dbsession, login) if users.is_login(login) else None
    if user is None:
        raise Refused(f"There is no user {login[:60]!r}.")
    return user


def print_link(context: Context, token: str | None) -> None:
    """Print where this one-time token sets a password; nothing if there is none."""
    if token is not None:
        hours = context.settings.link_seconds / 3600
        print(f"With this link, once and within {hours:.3g} hours, they set a password:")
        print(f"{context.settings.base_url}/welcome/{token}")


def _link(context: Context, dbsession: DBSession, user: User) -> str:
    return users.create_link(
        dbsession,
        user,
        actor=SYSTEM,
        now=context.now,
        link_seconds=context.settings.link_seconds,
    )


def _join(context: Context, dbsession: DBSession, user: User, group: str) -> None:
    giving.add_member(
        dbsession,
        group,
        user.id,
        giver=None,
        actor=SYSTEM,
        now=context.now,
        staff_limits=context.staff_limits,
    )


def _void_links(context: Context, dbsession: DBSession, user: User) -> None:
    """Use up earlier links: whoever holds one could set the password after all."""
    dbsession.execute(
        update(OneTimeLink)
        .where(OneTimeLink.user_id == user.id, OneTimeLink.used_at.is_(None))
        .values(used_at=context.now)
    )


def _take_password(context: Context, dbsession: DBSession, user: User) -> None:
    """Leave no password at all: whoever knows the present one must not sign in meanwhile."""
    user.password_hash = None
    user.password_changed_at = context.now
    audit.record(
        dbsession,
        Event.PASSWORD_CHANGED,
        actor=SYSTEM,
        now=context.now,
        subject_id=user.id,
        reason="taken away until the one-time link is used",
    )


def _new_hash(context: Context, about: list[str]) -> str:
    """Return the hash of the password on the standard input. Raises Refused."""
    try:
        password = sys.stdin.readline().rstrip("\r\n")
        password.encode()
    except UnicodeError:
        raise Refused("The password on the standard input is not UTF-8.") from None
    problem = passwords.problem(password, about=about)
    if problem is not None:
        raise Refused(problem)
    memory_kib, iterations = context.settings.argon2_memory_kib, context.settings.argon2_iterations
    return Hasher(memory_kib=memory_kib, iterations=iterations).hash(password)
