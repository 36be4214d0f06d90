"""The README cannot fall behind: what can be set, granted, visited and called stands in it."""

import argparse
import re
from dataclasses import fields

import pytest

import govapp
from govapp.cli import parser
from govapp.policy import Permission
from govapp.settings import Settings
from tests.guards.source import ROOT
from tests.support.settings import settings_for


@pytest.fixture(scope="module")
def readme():
    return (ROOT / "README.md").read_text("utf-8")


@pytest.mark.standard("S-033")
@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_in_the_readme_with_its_default(readme, name):
    rows = [line for line in readme.splitlines() if f"`govapp.{name}`" in line]

    assert rows, f"govapp.{name} is missing"
    (default,) = [field.default for field in fields(Settings) if field.name == name]
    if isinstance(default, int) and not isinstance(default, bool):
        assert any(re.search(rf"(?<!\d){default}(?!\d)", row) for row in rows), default


@pytest.mark.parametrize("permission", list(Permission))
def test_every_permission_is_in_the_readme(readme, permission):
    assert f"`{permission}`" in readme


def patterns():
    config = govapp.configure(settings_for())
    config.commit()
    found = [
        route["introspectable"]["pattern"]
        for route in config.registry.introspector.get_category("routes")
        if not route["introspectable"]["name"].startswith("__")
    ]
    # "{id:[0-9a-f]{32}}" is written "{id}" for people.
    return sorted({re.sub(r"\{(\w+):.*?\}(?:\{[\d,]+\})?\}?", r"{\1}", text) for text in found})


@pytest.mark.parametrize("pattern", patterns())
def test_every_page_is_in_the_readme(readme, pattern):
    assert f"`{pattern}`" in readme


def calls(top, words=()):
    """Return every call of the command, such as "session list"."""
    deeper = [a for a in top._actions if isinstance(a, argparse._SubParsersAction)]
    if not deeper:
        return [" ".join(words)]
    return [
        call for a in deeper for name, p in a.choices.items() for call in calls(p, (*words, name))
    ]


@pytest.mark.parametrize("call", calls(parser()))
def test_every_call_of_the_command_is_in_the_readme(readme, call):
    # What follows "govapp", with options in between, as people would type it.
    assert re.search(rf"govapp [^\n`|]*{re.escape(call)}\b", readme)


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "LICENSE", "setup.cfg",
                                  "development.ini", "production.ini", "Makefile"])  # fmt: skip
def test_what_newcomers_look_for_is_there(name):
    assert (ROOT / name).is_file()


def test_the_changelog_tells_about_this_version():
    version = re.search(r"^version = (.+)$", (ROOT / "setup.cfg").read_text("utf-8"), re.MULTILINE)

    assert version.group(1) in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_local_links_of_the_readme_lead_to_files(readme):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", readme)

    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.standard("S-111")
def test_the_least_length_of_a_password_is_said(readme):
    assert "15 characters" in readme
