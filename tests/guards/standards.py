"""Which test holds which row of the security checklist, read from the sources of the tests."""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from pathlib import Path

from tests.guards.source import ROOT

HERE = Path(__file__).parent


def rows() -> dict[str, dict[str, str]]:
    """Return the rows by id: ``priority``, ``requirement``, ``source``, and where they apply
    ``not_built_yet`` or ``exception`` with the reason."""
    return tomllib.loads((HERE / "standards.toml").read_text("utf-8"))


def held_by() -> dict[str, list[tuple[str, str]]]:
    """Return file and name of the tests that carry ``@pytest.mark.standard(row)``, by row."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for row in _marked(node):
                    found[row].append((path.relative_to(ROOT).as_posix(), node.name))
    return dict(found)


def _marked(function: ast.FunctionDef) -> list[str]:
    return [
        decorator.args[0].value
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and ast.unparse(decorator.func) == "pytest.mark.standard"
        and isinstance(decorator.args[0], ast.Constant)
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
