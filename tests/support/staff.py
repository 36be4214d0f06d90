"""What tests of the admin pages arrange and read."""

from __future__ import annotations

import ipaddress

from govapp.policy import Limits
from govapp.sessions import store, tokens

LIMITS = Limits(idle_seconds=604_800, absolute_seconds=2_592_000)


def begin(world, user_id, *, count=1, device="Firefox on Linux", address="198.51.100.7", ago=None):
    """Add live sessions without a browser; return their ids, oldest first."""
    with world.db() as db:
        rows = [
            store.begin(
                db,
                token=tokens.new_token(),
                user_id=user_id,
                method="password",
                address=ipaddress.ip_address(address),
                device=device,
                limits=LIMITS,
                now=world.clock() - ago if ago else world.clock(),
            )
            for _ in range(count)
        ]
        return [row.public_id.hex for row in rows]


def listed_sessions(page):
    """The ids of the sessions in a page's table, in order."""
    return [row["data-session-id"] for row in page.html.select("tr[data-session-id]")]


def listed_users(page):
    """The ids of the people in a page's table, in order."""
    return [row["data-user-id"] for row in page.html.select("tr[data-user-id]")]


def said(page):
    """What a page says went wrong."""
    return " ".join(found.get_text(" ", strip=True) for found in page.html.select("[role=alert]"))


def flashed(page):
    """What a page says was done."""
    return " ".join(found.get_text(" ", strip=True) for found in page.html.select("[role=status]"))


def options(page, name):
    """The values that a select offers."""
    return [option["value"] for option in page.html.select(f"select[name={name}] option")]
