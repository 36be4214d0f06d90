"""``govapp init``: the five groups and the first administrator, in one step."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy import select

from govapp import giving, users
from govapp.cli.context import SYSTEM, Context
from govapp.cli.groups import ADMINS, create_standard_groups
from govapp.cli.users import print_link
from govapp.giving import Refused
from govapp.models import User


def add_calls(calls: Any) -> None:
    """Add ``init``."""
    call = calls.add_parser("init", help="the five groups and the first administrator")
    call.add_argument("--admin", required=True, metavar="LOGIN", help="a name or an address")
    call.add_argument("--name", required=True, help="what other people see")
    call.set_defaults(run=run)


def run(context: Context, arguments: Namespace) -> None:
    """Make them, and print the administrator's one-time link. Raises Refused where users exist."""
    with context.transaction() as dbsession:
        if dbsession.scalar(select(User.id).limit(1)) is not None:
            raise Refused("There are users already; nothing was done.")
        create_standard_groups(
            dbsession, actor=SYSTEM, now=context.now, staff_limits=context.staff_limits
        )
        user = users.create(
            dbsession,
            arguments.admin,
            arguments.name,
            password_hash=None,
            actor=SYSTEM,
            now=context.now,
        )
        giving.add_member(
            dbsession,
            ADMINS,
            user.id,
            giver=None,
            actor=SYSTEM,
            now=context.now,
            staff_limits=context.staff_limits,
        )
        token = users.create_link(
            dbsession,
            user,
            actor=SYSTEM,
            now=context.now,
            link_seconds=context.settings.link_seconds,
        )
    print(f"Made the five groups and the administrator {user.login}.")
    print_link(context, token)
