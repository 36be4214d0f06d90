"""What must not stand in any file of the repository."""

import re

import pytest

from tests.guards.source import ROOT, repository_files

TEXT = (".py", ".ini", ".cfg", ".toml", ".md", ".txt", ".jinja2", ".css", ".js", ".mako", ".yml",
        ".svg", ".conf", ".service", ".timer", "")  # fmt: skip
# Folders of somebody's own machine. A temporary folder by itself is a place, a path in it is not.
MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|root|work|Users|tmp)/[\w.]")
UNFINISHED = re.compile(
    r"pytest\.(?:skip|xfail|importorskip)\b|mark\.(?:skip|skipif|xfail)\b|unittest\.skip"
    r"|pragma:\s*no\s|raise (?:NotImplementedError)|\b(?:T[O]DO|FI[X]ME|X[X]X)\b"
)


def found(pattern, *suffixes):
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in repository_files(*suffixes)
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


def test_there_is_something_to_look_at():
    assert len(repository_files(*TEXT)) > 100


def test_no_file_knows_somebodys_machine():
    assert found(MACHINE_PATH, *TEXT) == []


def test_nothing_is_skipped_excused_or_left_for_later():
    assert found(UNFINISHED, ".py", ".toml", ".cfg") == []


@pytest.mark.standard("S-135")
def test_no_file_holds_a_key_or_a_password_of_a_database():
    key = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|postgresql[+\w]*://\w+:[^@\s{}]+@")

    # Tests hold made-up ones, to show that nothing repeats them.
    assert [line for line in found(key, *TEXT) if not line.startswith("tests/")] == []


def test_text_is_plain_with_unix_line_ends_and_no_trailing_blanks():
    for path in repository_files(*TEXT):
        raw = path.read_bytes()
        assert b"\r" not in raw and b"\t\n" not in raw and b" \n" not in raw, path
        assert not raw or raw.endswith(b"\n"), path
