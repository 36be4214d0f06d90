"""What tests of the command share."""

import pytest

from tests.support.command import Command, write_ini


@pytest.fixture
def command(settings, clock, tmp_path, capsys, monkeypatch):
    """The ``govapp`` command on the database and the settings under test."""
    monkeypatch.delenv("GOVAPP_INI", raising=False)
    ini = write_ini(tmp_path / "test.ini", settings)
    return Command(ini, clock=clock, capsys=capsys, monkeypatch=monkeypatch)
