"""``govapp group …``, ``grant`` and ``ungrant``, and the five groups that ``govapp init`` makes."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DBSession

from govapp import giving, models, policy, powers
from govapp.audit import Actor
from govapp.cli.context import SYSTEM, Context
from govapp.cli.output import show
from govapp.giving import Refused
from govapp.policy import EVERYONE, Grant, Limits, Permission

ADMINS = "admins"
CUSTOMERS = "customers"
STANDARD_GROUPS: dict[str, list[Grant]] = {
    CUSTOMERS: [],
    ADMINS: [Grant(permission) for permission in Permission],
    "security": [
        Grant(Permission.SESSION_LIST),
        Grant(Permission.SESSION_REVOKE),
        Grant(Permission.SESSION_REVOKE_ANYONE),
        Grant(Permission.USER_LIST),
        Grant(Permission.AUDIT_READ),
        Grant(Permission.PII_VIEW),
        Grant(Permission.ADMIN_VIEW),
    ],
    "support": [
        Grant(Permission.SESSION_LIST, CUSTOMERS),
        Grant(Permission.SESSION_REVOKE, CUSTOMERS),
        Grant(Permission.USER_LIST, CUSTOMERS),
        Grant(Permission.ADMIN_VIEW, CUSTOMERS),
    ],
    "auditors": [
        Grant(Permission.AUDIT_READ),
        Grant(Permission.SESSION_LIST),
        Grant(Permission.USER_LIST),
        Grant(Permission.ADMIN_VIEW),
    ],
}


def create_standard_groups(
    dbsession: DBSession, *, actor: Actor, now: datetime, staff_limits: Limits
) -> None:
    """Add the groups and their grants. Raises Refused if one is there already."""
    for name, grants in STANDARD_GROUPS.items():
        giving.create_group(dbsession, name, actor=actor, now=now)
        for grant in grants:
            giving.add_grant(
                dbsession,
                name,
                grant,
                giver=None,
                actor=actor,
                now=now,
                staff_limits=staff_limits,
            )


# ---------------------------------------------------------------- the calls


def add_calls(calls: Any) -> None:
    """Add ``group create``, ``group list``, ``grant`` and ``ungrant``."""
    verbs = calls.add_parser("group", help="groups of people")
    verbs = verbs.add_subparsers(dest="verb", required=True, metavar="VERB")
    call = verbs.add_parser("create", help="add an empty group")
    call.add_argument("group", metavar="G")
    call.set_defaults(run=create)
    call = verbs.add_parser("list", help="the groups, how many belong to them, what they grant")
    call.add_argument("--json", action="store_true")
    call.set_defaults(run=list_groups)

    for verb, run, text in (
        ("grant", give, "give a group a permission"),
        ("ungrant", take, "take a permission from a group"),
    ):
        call = calls.add_parser(verb, help=text)
        call.add_argument("group", metavar="G")
        call.add_argument("permission", metavar="PERMISSION", help=", ".join(Permission))
        call.add_argument(
            "--over", default=EVERYONE, metavar="G2", help="members of this group only"
        )
        call.set_defaults(run=run)


def create(context: Context, arguments: Namespace) -> None:
    """Add an empty group."""
    with context.transaction() as dbsession:
        giving.create_group(dbsession, arguments.group, actor=SYSTEM, now=context.now)
    print(f"Created the group {arguments.group}.")


def list_groups(context: Context, arguments: Namespace) -> None:
    """List the groups with their members' number and their grants."""
    member = models.Membership
    with context.reading() as reader:
        counted = select(member.group_name, func.count().label("number")).group_by(
            member.group_name
        )
        members = {row.group_name: row.number for row in reader.execute(counted)}
        rows: list[dict[str, Any]] = [
            {
                "group": name,
                "members": members.get(name, 0),
                "grants": sorted(map(policy.str_of, powers.of_group(reader, name))),
            }
            for name in powers.group_names(reader)
        ]
    if not arguments.json:
        rows = [{**row, "grants": ", ".join(row["grants"]) or None} for row in rows]
    show(rows, {"group": 16, "members": 8, "grants": 0}, as_json=arguments.json)


def give(context: Context, arguments: Namespace) -> None:
    """Give a group a permission."""
    grant = Grant(arguments.permission, arguments.over)
    with context.transaction() as dbsession:
        given = giving.add_grant(
            dbsession,
            arguments.group,
            grant,
            giver=None,
            actor=SYSTEM,
            now=context.now,
            staff_limits=context.staff_limits,
        )
    print(f"{arguments.group} {'now has' if given else 'had'} {policy.str_of(grant)}.")


def take(context: Context, arguments: Namespace) -> None:
    """Take a permission from a group."""
    grant = Grant(arguments.permission, arguments.over)
    with context.transaction() as dbsession:
        taken = giving.remove_grant(
            dbsession, arguments.group, grant, giver=None, actor=SYSTEM, now=context.now
        )
        if not taken:
            _require_possible(dbsession, grant)
    had = "no longer has" if taken else "did not have"
    print(f"{arguments.group} {had} {policy.str_of(grant)}.")


def _require_possible(dbsession: DBSession, grant: Grant) -> None:
    """Raise Refused for a permission or a group that is not there, so that no slip goes by."""
    if grant.permission not in set(Permission):
        raise Refused(f"There is no permission {grant.permission!r}.")
    if grant.over not in {EVERYONE, *powers.group_names(dbsession)}:
        raise Refused(f"There is no group {grant.over[:40]!r}.")
