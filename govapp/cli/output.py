"""Lists in a terminal, or as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session as DBSession

from govapp.filters import iso, printable
from govapp.models.base import IPAddress

PAGE = 1000
Row = Mapping[str, Any]


def show(rows: Iterable[Row], widths: Mapping[str, int], *, as_json: bool) -> None:
    """Print the rows as they come: a JSON array of objects, or these columns, this wide."""
    if as_json:
        _show_json(rows)
        return
    print(_line({name: name.replace("_", " ").upper() for name in widths}, widths))
    for row in rows:
        print(_line(row, widths))


def _show_json(rows: Iterable[Row]) -> None:
    separator = "["
    for row in rows:
        print(f"{separator}{as_line(row)}", end="")
        separator = ",\n"
    print("[]" if separator == "[" else "]")


def _line(row: Row, widths: Mapping[str, int]) -> str:
    return "  ".join(_cell(row[name]).ljust(width) for name, width in widths.items()).rstrip()


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return iso(value)
    # What people typed must not steer a terminal.
    return printable(str(plain(value)), 1000)


def as_line(row: Row) -> str:
    """Return a row as one line of JSON in ASCII, which no value can break or fake."""
    return json.dumps({name: plain(value) for name, value in row.items()})


def plain(value: Any) -> Any:
    """Return a value as JSON knows it: instants and addresses as text, ids in hex digits."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return value.hex
    return str(value) if isinstance(value, IPAddress) else value


def all_pages(
    dbsession: DBSession, statement: Select[Any], key: ColumnElement[int]
) -> Iterator[Any]:
    """Yield every row, oldest first, page by page: no transaction stays open meanwhile."""
    last = 0
    while rows := dbsession.execute(statement.where(key > last).order_by(key).limit(PAGE)).all():
        yield from rows
        last = rows[-1].id
