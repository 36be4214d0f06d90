"""Take one guard away, and a test goes red: each guard of ``guards.toml`` in a copy of govapp.

What goes red is listed in ``docs/guards.md``. A guard whose removal no test notices is a defect.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.guards.source import MADE_BY_TOOLS, ROOT
from tests.support import generated

GUARDS = tomllib.loads((Path(__file__).parent / "guards.toml").read_text("utf-8"))
PASSED, FAILED = 0, 1
LONG_SECONDS = 600


@pytest.fixture
def copy(tmp_path):
    """A copy of the repository, in which something may be broken."""
    ignored = shutil.ignore_patterns(*MADE_BY_TOOLS, "*.egg-info", "*.sqlite*", "*.png")
    shutil.copytree(ROOT, tmp_path / "copy", ignore=ignored)
    return tmp_path / "copy"


@pytest.fixture
def run(copy, pytestconfig):
    """Run tests in the copy, on the PostgreSQL that this run has; return how it went."""

    def run_tests(*names):
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *names]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "REWRITE"))}
        return subprocess.run(
            command,
            cwd=copy,
            env=kept | {"DATABASE_URL": pytestconfig.govapp_postgres_url},
            capture_output=True,
            text=True,
            timeout=LONG_SECONDS,
        )

    return run_tests


@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_that_is_taken_away_is_missed(copy, run, name):
    guard = GUARDS[name]
    path = copy / guard["file"]
    source = path.read_text("utf-8")
    assert source.count(guard["old"]) == 1, f"{guard['file']} does not say this once"

    path.write_text(source.replace(guard["old"], guard["new"]), "utf-8")
    ran = run(guard["noticed_by"])

    assert ran.returncode == FAILED, f"nobody misses the {name}:\n{ran.stdout}{ran.stderr}"
    assert "1 failed" in ran.stdout, ran.stdout


def test_the_same_tests_pass_while_every_guard_stands(run):
    ran = run(*sorted({guard["noticed_by"] for guard in GUARDS.values()}))

    assert ran.returncode == PASSED, ran.stdout


def test_the_page_about_the_guards_is_current():
    lines = ["| taken away | where | what it guards | goes red |", "|---|---|---|---|"]
    for name, guard in GUARDS.items():
        path, _, test = guard["noticed_by"].partition("::")
        said = test.partition("[")[0].removeprefix("test_").replace("_", " ") or path
        cells = [name, f"`{guard['file']}`", guard["guards"], f"[{said}](../{path})"]
        lines.append("| " + " | ".join(cells) + " |")
    generated.check("guards.md", "guards", "\n".join(lines))
