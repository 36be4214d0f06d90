"""The authorisation matrix (matrix.toml): who × route × method × whose, and the answer."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("matrix.toml")
FACTS = ("method", "path", "needs", "sends", "target")
NEEDS = {"-", "token", "fresh"}
ANSWERS = {"200", "done", "goes", "sign", "400", "403", "404"}
# Whose it can be, where the path names it; who has no group of their own can have no own one.
TARGETS = {"customer", "outsider", "stronger", "unknown", "malformed"}


@dataclass(frozen=True, slots=True)
class Line:
    """What everybody is answered who asks for one thing of one target."""

    method: str
    path: str
    needs: str
    sends: str
    target: str
    cells: dict[str, str]

    def __str__(self) -> str:
        said = (self.method, self.path, self.sends, self.target)
        return " ".join(word for word in said if word != "-")

    @property
    def names_target(self) -> bool:
        """Whether the path names the target; else the form or a cookie does, and is read last."""
        return "{" in self.path

    @property
    def kind(self) -> str:
        """What the target is, as the path says: sessions, users or groups."""
        return f"{self.path}//".split("/")[2]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The columns with what each person holds, the forms with their fields, and the lines."""

    who: dict[str, str]
    sends: dict[str, dict[str, str]]
    lines: list[Line]


def load(text: str | None = None) -> Matrix:
    """Return the matrix in this text, else in the file. Raises ValueError for a bad line."""
    found: dict[str, Any] = tomllib.loads(FILE.read_text("utf-8") if text is None else text)
    rows = [row.split() for row in found["matrix"]["lines"].splitlines()]
    head, *rows = [row for row in rows if row and row[0] != "#"]
    if head != [*FACTS, *found["who"]]:
        raise ValueError(f"the head of the matrix is not {[*FACTS, *found['who']]}")
    sends = {"-": {}} | found["sends"]
    return Matrix(found["who"], sends, [_line(row, head, sends) for row in rows])


def _line(row: list[str], head: list[str], sends: dict[str, Any]) -> Line:
    if len(row) != len(head):
        raise ValueError(f"{' '.join(row[:5])}: {len(row)} words under {len(head)} heads")
    facts, cells = row[: len(FACTS)], dict(list(zip(head, row, strict=True))[len(FACTS) :])
    line = Line(*facts, cells)
    if line.needs not in NEEDS or line.sends not in sends or not ANSWERS.issuperset(cells.values()):
        raise ValueError(f"{line}: says what is not explained above")
    return line


# ---------------------------------------------------------------- what the application serves


# A part of a route with its regular expression, of which only the name is told: {id:[0-9a-f]{32}}.
PATTERN = re.compile(r"\{(\w+):(?:[^{}]|\{[\d,]+\})*\}")


@dataclass(frozen=True, slots=True)
class Served:
    """A method that a route of the application answers; ``view`` is Pyramid's introspectable."""

    method: str
    path: str
    permission: str | None
    view: Any


def served(introspector: Any) -> Iterator[Served]:
    """Yield every method of every route that has a view; "any" where a view names none."""
    routes = {
        found["introspectable"]["name"]: found["introspectable"]
        for found in introspector.get_category("routes")
    }
    for found in introspector.get_category("views"):
        view = found["introspectable"]
        if view["route_name"] is None:
            continue
        route = routes[view["route_name"]]
        named = view["request_methods"] or route["request_methods"] or "any"
        permissions = [r["value"] for r in found["related"] if r.category_name == "permissions"]
        for method in [named] if isinstance(named, str) else named:
            path = "/" + re.sub(PATTERN, r"{\1}", route["pattern"]).lstrip("/")
            yield Served(method, path, (permissions or [None])[0], view)
