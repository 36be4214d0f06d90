"""A pytest plugin: one PostgreSQL for the whole run, shared by the workers of pytest-xdist.

``config.govapp_postgres_url`` is the URL of :func:`tests.support.postgres.server`; give it to
``create``, ``clone`` and ``drop`` of that module. Without PostgreSQL the run fails at once.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.postgres import PostgresUnavailable, server

RUNNING = pytest.StashKey[ExitStack]()


def pytest_configure(config: Any) -> None:
    """Start PostgreSQL, or in a worker take over the one of the controller."""
    if hasattr(config, "workerinput"):
        config.govapp_postgres_url = config.workerinput["govapp_postgres_url"]
        return
    stack = ExitStack()
    try:
        config.govapp_postgres_url = stack.enter_context(server())
    except PostgresUnavailable as error:
        raise pytest.UsageError(str(error)) from error
    config.stash[RUNNING] = stack


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where PostgreSQL is."""
    node.workerinput["govapp_postgres_url"] = node.config.govapp_postgres_url


def pytest_unconfigure(config: Any) -> None:
    """Stop PostgreSQL; a worker has none to stop."""
    config.stash.get(RUNNING, ExitStack()).close()
