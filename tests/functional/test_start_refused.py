"""``pserve production.ini``, as an operator types it, does not start on what it refuses."""

import os
import subprocess
import sys

import pytest

from tests.guards.source import ROOT

SECRET = "vD3kz0Qm8Lr5Xw2Tn7Yb4Hc9Js6Pf1Ga"
PSERVE = "import sys; from pyramid.scripts.pserve import main; sys.exit(main())"


def pserve(tmp_path, **environment):
    """Start it with nothing of govapp's in the environment but this; return how it ended."""
    ini = tmp_path / "production.ini"
    text = (ROOT / "production.ini").read_text("utf-8")
    # By its name in the code: as "egg:govapp" it would need an installed distribution.
    ini.write_text(text.replace("egg:govapp", "call:govapp:main"), "utf-8")
    others = {k: v for k, v in os.environ.items() if not k.startswith(("GOVAPP_", "PYRAMID_"))}
    return subprocess.run(
        [sys.executable, "-c", PSERVE, str(ini)],
        env=others | environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.standard("S-136")
def test_what_is_missing_is_told_at_once_and_nothing_is_served(tmp_path):
    ended = pserve(tmp_path)

    assert ended.returncode != 0
    assert "- sqlalchemy.url is missing" in ended.stderr
    assert "- govapp.secrets is missing" in ended.stderr
    assert "Serving on" not in ended.stdout + ended.stderr


@pytest.mark.standard("S-015")
@pytest.mark.standard("S-091")
@pytest.mark.standard("S-096")
@pytest.mark.standard("S-136")
def test_what_is_dangerous_is_told_at_once_and_no_secret_with_it(tmp_path):
    ended = pserve(
        tmp_path,
        GOVAPP_DATABASE_URL=f"sqlite:///{tmp_path}/x.sqlite",
        GOVAPP_SECRETS=SECRET,
        GOVAPP_COOKIE_SECURE="false",
        GOVAPP_BASE_URL="http://sessions.example.org",
        PYRAMID_DEBUG_ALL="1",
    )

    assert ended.returncode != 0
    refused = [line for line in ended.stderr.splitlines() if line.startswith("- ")]
    for part in ("SQLite", "not https", "cookie_secure is false", "debug_all is on"):
        assert [line for line in refused if part in line], part
    assert SECRET not in ended.stdout + ended.stderr
    assert not (tmp_path / "x.sqlite").exists()
