"""A database for all tests of a module, where making one for each would take too long."""

from __future__ import annotations

import itertools
import shutil
from contextlib import contextmanager

from tests.support import postgres

_numbers = itertools.count()


@contextmanager
def database(request, tmp_path_factory):
    """Yield the URL of a migrated, empty database of the kind that ``request.param`` names."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("module") / "govapp.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template = request.getfixturevalue("postgres_template")
    url = request.config.govapp_postgres_url
    name = f"module_{request.getfixturevalue('worker_id')}_{next(_numbers)}"
    try:
        yield postgres.clone(url, template, name)
    finally:
        postgres.drop(url, name)
