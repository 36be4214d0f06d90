"""The ``govapp`` command as a person at a terminal sees it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass

from govapp.cli import main


@dataclass
class Said:
    """What a call printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def link(self):
        """The path of the one-time link that was printed."""
        (line,) = [line for line in self.out.splitlines() if "/welcome/" in line]
        return line.removeprefix("http://localhost")


class Command:
    """Calls the command with an ini file of its own."""

    def __init__(self, ini, *, clock, capsys, monkeypatch):
        self.ini = ini
        self._clock = clock
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words, stdin=""):
        """Run a call, whatever comes of it."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        status = main(["-c", str(self.ini), *words], clock=self._clock)
        said = self._capsys.readouterr()
        return Said(status, said.out, said.err)

    def done(self, *words, stdin=""):
        """Run a call that succeeds, and says nothing on stderr."""
        said = self(*words, stdin=stdin)
        assert said.status == 0 and said.err == "", said.err
        return said

    def refused(self, *words, stdin=""):
        """Run a call that is refused in one line; return the line."""
        said = self(*words, stdin=stdin)
        assert said.status == 1
        assert said.err.startswith("govapp: ") and said.err.count("\n") == 1
        assert "Traceback" not in said.err
        return said.err


def write_ini(path, settings):
    """Write an ini file with these settings for ``[app:main]``."""
    lines = [f"{name} = {value.replace('%', '%%')}" for name, value in settings.items()]
    # By its name in the code: as "egg:govapp" it would need an installed distribution.
    path.write_text("\n".join(["[app:main]", "use = call:govapp:main", *lines, ""]))
    return path
