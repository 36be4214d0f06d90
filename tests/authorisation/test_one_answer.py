"""Foreign, unknown, ended and malformed ids get one and the same answer: on SQLite.

And nobody who is not signed in has anything looked up.
"""

import pytest

from tests.authorisation.asking import ask
from tests.authorisation.matrix import load
from tests.support.statements import counted

LINES = load().lines
NAMING = sorted({(line.method, line.path) for line in LINES if "404" in line.cells.values()})
on_sqlite = pytest.mark.parametrize("stage", ["sqlite"], indirect=True)


@pytest.mark.standard("S-064")
@on_sqlite
@pytest.mark.parametrize(("method", "path"), NAMING)
def test_what_is_not_there_for_somebody_looks_like_what_is_not_there(stage, matrix, method, path):
    """The same status, headers and body; and, but for what no address can name, the same work."""
    for who in matrix.who:
        lines = [
            line
            for line in matrix.lines
            if (line.method, line.path, line.cells[who]) == (method, path, "404")
        ]
        seen, work = set(), set()
        for line in lines:
            with counted() as sent:
                response = ask(stage, matrix, line, who).response
            seen.add((response.status, tuple(sorted(response.headers.items())), response.body))
            if line.target != "malformed":
                # What is read: connecting, and noting the last activity, comes with the first.
                work.add(tuple(text for text in sent if text.startswith("SELECT")))

        assert len(seen) <= 1 and len(work) <= 1, (who, [line.target for line in lines])


@on_sqlite
def test_what_is_asked_without_signing_in_is_not_looked_up(stage, matrix):
    """Not one statement more than for a probe, which asks the database nothing."""
    (probe,) = [line for line in LINES if line.path == "/healthz"]

    def statements(line):
        with counted() as sent:
            ask(stage, matrix, line, "anon")
        return [text for text in sent if not text.startswith("PRAGMA")]

    asking_nothing = statements(probe)

    to_sign_in = [line for line in LINES if line.cells["anon"] == "sign"]
    assert [line for line in to_sign_in if statements(line) != asking_nothing] == []
    assert len(to_sign_in) > 50
