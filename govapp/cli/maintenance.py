"""``govapp purge``: end what has lapsed, remove what is no longer kept."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from govapp import db, retention
from govapp.cli.context import Context, opened


def add_calls(calls: Any) -> None:
    """Add ``purge``."""
    call = calls.add_parser("purge", help="end what has lapsed, remove what is no longer kept")
    call.set_defaults(run=run)


def run(context: Context, arguments: Namespace) -> None:
    """Purge in the role for maintenance, if there is one, and print what was done."""
    with opened(db.writer_engine(context.maintenance_url)) as engine:
        counts = retention.purge(engine, context.settings, now=context.now)
    for what, number in counts.items():
        print(f"{number:8} {what.replace('_', ' ')}")
