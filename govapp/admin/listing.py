"""What lists share: filters and cursors, hostile until parsed, and pages by keyset. Pure.

A cursor is the last key seen and the direction: ``after-<key>`` is further down the list,
``before-<key>`` further up. It says nothing to people, and what a page shows is limited by scope
and filters alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, func, select

from govapp.admin.seal import unseal
from govapp.filters import printable
from govapp.forms import Rejected

PAGE_ROWS = 50
COUNT_CAP = 10_000
MAX_FILTER = 100
PUBLIC_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_CURSOR = re.compile(r"(after|before)-([0-9a-f]{1,32})", re.ASCII)


# ---------------------------------------------------------------- filters


def text(params: Mapping[str, str], name: str, *, label: str) -> str:
    """Return what was typed into a filter, trimmed, or "". Raises Rejected.

    E-mail addresses never stand in addresses of pages, where histories and logs keep them.
    """
    typed = params.get(name, "").strip()
    if len(typed) > MAX_FILTER:
        raise Rejected(name, f"{label} has {len(typed)} characters; at most {MAX_FILTER} are read.")
    if not typed.isprintable():
        raise Rejected(name, f"{label} has characters that cannot be searched for.")
    if "@" in typed:
        raise Rejected(name, f"{label} takes no “@”; of a login, type what comes before it.")
    return typed


def choice(
    params: Mapping[str, str], name: str, options: Collection[str], *, label: str, default: str = ""
) -> str:
    """Return one of the options, or the default where none was chosen. Raises Rejected."""
    chosen = text(params, name, label=label)
    if chosen and chosen not in options:
        raise Rejected(name, f"{label} cannot be “{chosen}”.")
    return chosen or default


def typed(params: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return what was typed into these filters, to show it again."""
    return {name: printable(params.get(name, "").strip(), 4 * MAX_FILTER) for name in names}


# ---------------------------------------------------------------- cursors and pages


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after (or before) the row with this key."""

    key: str
    is_after: bool


def cursor(params: Mapping[str, str]) -> Cursor | None:
    """Return the cursor of a list by public ids, or None. Raises Rejected."""
    typed = params.get("cursor", "")
    if not typed:
        return None
    match = _CURSOR.fullmatch(typed)
    if match is None:
        raise _bad_cursor()
    return Cursor(match[2], match[1] == "after")


def serial_cursor(params: Mapping[str, str], secrets: Sequence[bytes]) -> Cursor | None:
    """Return the cursor of a list by numbers, unsealed, or None. Raises Rejected."""
    found = cursor(params)
    if found is None:
        return None
    number = unseal(found.key, secrets)
    if number is None:
        raise _bad_cursor()
    return Cursor(str(number), found.is_after)


def _bad_cursor() -> Rejected:
    return Rejected("cursor", "The cursor in this page's address is not one of ours.")


def newest_ids(wanted: Select[Any], serial: Any, at: Cursor | None) -> Select[Any]:
    """Return the statement for one page of rows by descending serial, and one row more.

    Its ids are taken first, alone, as a subquery to join to: SQLite would otherwise read whole
    rows only to sort them.
    """
    if at is None:
        return wanted.order_by(serial.desc()).limit(PAGE_ROWS + 1)
    if at.is_after:
        return wanted.where(serial < int(at.key)).order_by(serial.desc()).limit(PAGE_ROWS + 1)
    return wanted.where(serial > int(at.key)).order_by(serial).limit(PAGE_ROWS + 1)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one page, and the cursors of its neighbours, None where there is none."""

    rows: Sequence[Any] = ()
    before: str | None = None
    after: str | None = None


def page(rows: Sequence[Any], keys: Sequence[Any], at: Cursor | None) -> Page:
    """Return the page in these rows: in list order, with one row more than fits if there is."""
    has_more = len(rows) > PAGE_ROWS
    is_after = at is None or at.is_after
    kept = slice(None, PAGE_ROWS) if is_after else slice(-PAGE_ROWS, None)
    rows, keys = rows[kept], keys[kept]
    if not rows:
        return Page()
    has_before = at is not None if is_after else has_more
    has_after = has_more if is_after else True
    return Page(
        rows,
        before=f"before-{keys[0]}" if has_before else None,
        after=f"after-{keys[-1]}" if has_after else None,
    )


# ---------------------------------------------------------------- SQL


def capped_count(rows: Select[Any]) -> ScalarSelect[int]:
    """Return the count of rows, but never look at more than the cap and one."""
    return select(func.count()).select_from(rows.limit(COUNT_CAP + 1).subquery()).scalar_subquery()


def begins_with(column: Any, prefix: str) -> ColumnElement[bool]:
    """Return the condition that a column of BinaryText begins with a prefix: an index range."""
    return and_(column >= prefix, column < prefix + "\U0010ffff")
