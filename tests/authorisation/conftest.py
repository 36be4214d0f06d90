"""One stage for all tests of a database: people sign in once, and every change is taken back."""

import shutil

import pytest

from tests.authorisation.matrix import load
from tests.authorisation.stage import staged
from tests.support import postgres


@pytest.fixture(scope="session")
def matrix():
    return load()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def stage(request, matrix, worker_id, tmp_path_factory):
    """The people of the matrix, signed in, on both databases."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("stage") / "govapp.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        with staged(f"sqlite:///{path}", matrix.who) as made:
            yield made
        return
    url, name = request.config.govapp_postgres_url, f"stage_{worker_id}"
    template = request.getfixturevalue("postgres_template")
    with staged(postgres.clone(url, template, name), matrix.who) as made:
        yield made
    postgres.drop(url, name)
