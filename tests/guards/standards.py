"""Which test holds which row of the security checklist, read from the sources of the tests."""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.guards.source import ROOT

HERE = Path(__file__).parent


@cache
def rows() -> dict[str, dict[str, str]]:
    """Return the rows by id: ``priority``, ``requirement``, ``source``, and where they apply
    ``not_built_yet`` or ``exception`` with the reason."""
    return tomllib.loads((HERE / "standards.toml").read_text("utf-8"))


@cache
def held_by() -> dict[str, list[tuple[str, str]]]:
    """Return file and name of the tests that carry ``@pytest.mark.standard(row)``, by row.

    Of a file whose every test carries it (``pytestmark``), the name is the file's own.
    """
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        file = path.relative_to(ROOT).as_posix()
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                for row in _rows(node.decorator_list):
                    found[row].append((file, node.name))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
                for row in _rows(ast.walk(node.value)):
                    found[row].append((file, path.stem))
    return dict(found)


def _rows(nodes: Iterable[ast.AST]) -> list[str]:
    return [
        ast.literal_eval(node.args[0])
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.standard"
    ]


def table() -> str:
    """Return row → test as Markdown."""
    tests = held_by()
    lines = ["| row | | requirement | from | held by |", "|---|---|---|---|---|"]
    for row, facts in rows().items():
        cells = [row, facts["priority"], facts["requirement"], facts["source"]]
        lines.append("| " + " | ".join([*cells, _holders(facts, tests.get(row, []))]) + " |")
    return "\n".join(lines)


def _holders(facts: dict[str, str], tests: list[tuple[str, str]]) -> str:
    held = [f"[{_sentence(name)}](../{path})" for path, name in tests]
    if "not_built_yet" in facts:
        held.append(f"*not built yet: {facts['not_built_yet']}*")
    if "exception" in facts:
        held.append(f"*exception: {facts['exception']}*")
    return "<br>".join(held) or "*no test*"


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")
