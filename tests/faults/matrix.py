"""One cell of the fault matrix measured, and a section of ``docs/fault-matrix.md`` written."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

from tests.faults.endings import business
from tests.support.tables import dump

HEADINGS = ("how the request ends", "answer", "database", "cookie sent", "old cookie")
WORKS = {True: "works", False: "refused", None: "there was none"}


@dataclass(frozen=True)
class Outcome:
    """What became of a change, as others see it.

    ``answer`` the HTTP status · ``database`` over a fresh connection · ``sent`` what the answer
    did to the browser's cookies · ``old_cookie`` whether the cookie from before still serves.
    """

    answer: int
    database: str
    sent: str
    old_cookie: str


def measure(change: Any, ending: str) -> Outcome:
    """Let the change happen in a request that ends so, and look."""
    before = dump(change.world.engine, business)
    answer = change.act(ending)
    after = dump(change.world.engine, business)
    business_rows = len(after["probe_parent"]) - len(before["probe_parent"])
    if after == before:
        database = "as before"
    elif business_rows == 1 and change.is_done():
        database = "all of it"
    else:
        database = f"HALF OF IT: {[name for name in after if after[name] != before[name]]}"
    return Outcome(answer.status_int, database, _sent(answer), WORKS[change.old_cookie_works()])


def _sent(answer: Any) -> str:
    pairs = [header.split(";")[0].split("=", 1) for header in answer.headers.getall("Set-Cookie")]
    found = {name: value.strip('"') for name, value in pairs}
    if "govapp" in found:
        return "new" if found["govapp"] else "cleared"
    return "visit" if "govapp-visit" in found else "none"


def promised(change: Any, answer: int, *, kept: bool, answered: bool) -> Outcome:
    """Return what the README promises, ``answered`` by the view or by nobody."""
    if kept:
        sent = change.cookie if answered else "none"
        return Outcome(answer, "all of it", sent, WORKS[change.old_cookie])
    old_cookie = None if change.old_cookie is None else True
    return Outcome(answer, "as before", "none", WORKS[old_cookie])


def table(without_retry: dict[str, Outcome], with_retry: dict[str, Outcome]) -> str:
    """Return the outcomes by ending as Markdown; twice where pyramid_retry makes a difference."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    for ending, outcome in without_retry.items():
        lines.append(_line(ending, outcome))
        if with_retry[ending] != outcome:
            lines.append(_line(f"{ending}, with pyramid_retry", with_retry[ending]))
    return "\n".join(lines)


def _line(ending: str, outcome: Outcome) -> str:
    return "| " + " | ".join([ending, *map(str, astuple(outcome))]) + " |"
