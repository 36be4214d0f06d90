"""The database: three engines over one URL, and ``request.dbsession``.

*writer*: the request's transaction (pyramid_tm). *reader*: AUTOCOMMIT, for the session look-up
and for what a GET reads: no BEGIN, no ROLLBACK that would wipe prepared statements.
*independent*: a small pool of its own for what must survive the request's rollback, bounded by
time-outs so that it can neither starve nor block a request (S-087).

``config.include("govapp.db")`` needs the setting ``sqlalchemy.url``. A host application that has
its own ``request.dbsession`` (and ``registry["dbsession_factory"]``, as in
pyramid-cookiecutter-starter) does not include this module.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pyramid_tm
import zope.sqlalchemy
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from pyramid.registry import Registry
from pyramid.request import Request
from pyramid.response import Response
from sqlalchemy import URL, Engine, Select, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

INDEPENDENT_TIMEOUT_SECONDS = 2
# A database that does not answer is no database: 503, not a request that hangs (invariant 15).
CONNECT_TIMEOUT_SECONDS = 3
WAIT_SECONDS = 10
SQLITE_WAIT_SECONDS = 15
# A request that ran out of memory may not even manage to roll back: the server does it then.
LEFT_BEHIND_SECONDS = 60
# Paths that never see a transaction (0 SQL; performance of static files and probes).
WITHOUT_TRANSACTION = ("/static/", "/healthz", "/readyz")
Read = TypeVar("Read")
# Two first requests at once must not leave a pool behind.
_one_at_a_time = threading.Lock()


def includeme(config: Configurator) -> None:
    """Add ``request.dbsession`` in a transaction that rolls back on any error."""
    registry = config.registry
    url = make_url(os.environ.get("GOVAPP_DATABASE_URL") or registry.settings["sqlalchemy.url"])
    registry.settings.setdefault("tm.activate_hook", needs_transaction)
    registry["dbsession_factory"] = sessionmaker(
        writer_engine(url), class_=RequestSession, expire_on_commit=False
    )
    config.include("pyramid_tm")
    config.include(transaction_rules)
    config.add_request_method(_dbsession, "dbsession", reify=True)


def transaction_rules(config: Configurator) -> None:
    """Set pyramid_tm's rules: returning commits; raising, or a status of 400 and above, does not.

    Raises ConfigurationError if the application chose another commit veto.
    """
    settings = config.registry.settings
    veto = settings.setdefault("tm.commit_veto", commit_veto)
    if veto not in {commit_veto, "govapp.db.commit_veto"}:
        raise ConfigurationError(
            f"tm.commit_veto is {veto!r}; govapp.sessions needs govapp.db.commit_veto, or session"
            " state could commit with a failed request"
        )
    settings.setdefault("tm.manager_hook", pyramid_tm.explicit_manager)
    settings["tm.annotate_user"] = "false"


def needs_transaction(request: Request) -> bool:
    """Tell whether this request may use the database (pyramid_tm's activate hook)."""
    path: str = request.environ.get("PATH_INFO", "")
    return not path.startswith(WITHOUT_TRANSACTION)


def commit_veto(request: Request, response: Response) -> bool:
    """Tell whether to roll back: after any exception, and for every status from 400.

    Neither pyramid_tm's default nor its ``default_commit_veto`` says this: one commits a
    returned 400, the other an exception view that answers with a redirect. ``X-Tm`` decides
    nothing here and never leaves the house.
    """
    response.headers.pop("X-Tm", None)
    if request.exc_info is not None:
        # pyramid_tm asks whether it is worth another try only where no veto stopped it.
        if "tm.active" in request.environ:
            pyramid_tm.maybe_tag_retryable(request, request.exc_info)
        return True
    return response.status_int >= 400


# ---------------------------------------------------------------- request.dbsession


class RequestSession(Session):
    """A session that, told a ``reader`` in ``info``, reads there until it first writes or locks."""

    def get_bind(self, mapper: Any = None, *, clause: Any = None, **kw: Any) -> Any:
        reader = self.info.get("reader")
        if reader is not None:
            if isinstance(clause, Select) and clause._for_update_arg is None:
                return reader
            del self.info["reader"]
        return super().get_bind(mapper, clause=clause, **kw)


def _dbsession(request: Request) -> Session:
    dbsession: Session = request.registry["dbsession_factory"]()
    zope.sqlalchemy.register(dbsession, transaction_manager=request.tm)
    if request.method in {"GET", "HEAD"}:
        dbsession.info["reader"] = engines(request.registry).reader
    return dbsession


# ---------------------------------------------------------------- engines


class Engines:
    """The reader and the independent engine of one application, made at first use."""

    def __init__(self, url: URL) -> None:
        self.reader = reader_engine(url)
        self.independent = independent_engine(url)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.reader.dispose()
        self.independent.dispose()


def engines(registry: Registry) -> Engines:
    """Return the engines beside the request's, over ``govapp.database_url`` or the same URL."""
    found: Engines | None = registry.get("govapp.engines")
    return _make_engines(registry) if found is None else found


def _make_engines(registry: Registry) -> Engines:
    with _one_at_a_time:
        if "govapp.engines" not in registry:
            url = registry["govapp.settings"].database_url
            if url is None:
                url = registry["dbsession_factory"].kw["bind"].url
            registry["govapp.engines"] = Engines(make_url(url))
    found: Engines = registry["govapp.engines"]
    return found


@contextmanager
def independent_session(registry: Registry) -> Iterator[Session]:
    """Yield a session in a transaction of its own, which commits at the end.

    Never used while the request's transaction holds SQLite's one write lock.
    """
    with Session(engines(registry).independent, expire_on_commit=False) as session, session.begin():
        yield session


def read(registry: Registry, query: Callable[[Session], Read]) -> Read:
    """Return what ``query`` reads, outside any transaction; it stays usable."""

    def ask() -> Read:
        with Session(engines(registry).reader, expire_on_commit=False) as session:
            return query(session)

    return asked_again(ask)


def asked_again(ask: Callable[[], Read]) -> Read:
    """Return what ``ask`` reads; a pooled connection that was lost is replaced once, silently.

    For what comes first on a connection and changes nothing: a restart of the database is then
    noticed by nobody.
    """
    try:
        return ask()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    return ask()


def writer_engine(url: URL) -> Engine:
    """Return the engine of the request's transaction."""
    if url.get_backend_name() == "sqlite":
        engine = _sqlite_engine(url, wait_seconds=SQLITE_WAIT_SECONDS)
        _begin_immediately(engine)
        return engine
    # No statement time-out: migrations and purges run on this engine too.
    options = (
        f"-c lock_timeout={WAIT_SECONDS}s"
        f" -c idle_in_transaction_session_timeout={LEFT_BEHIND_SECONDS}s"
    )
    return _postgres_engine(url, options, pool_pre_ping=True)


def reader_engine(url: URL) -> Engine:
    """Return the AUTOCOMMIT engine. No pre-ping: what is read first is asked again instead."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, wait_seconds=SQLITE_WAIT_SECONDS, isolation_level="AUTOCOMMIT")
    timeout = f"-c statement_timeout={WAIT_SECONDS}s"
    return _postgres_engine(url, timeout, isolation_level="AUTOCOMMIT")


def independent_engine(url: URL) -> Engine:
    """Return the engine for what must survive a rollback."""
    if url.get_backend_name() == "sqlite":
        engine = _sqlite_engine(url, wait_seconds=INDEPENDENT_TIMEOUT_SECONDS)
        _begin_immediately(engine)
        return engine
    milliseconds = INDEPENDENT_TIMEOUT_SECONDS * 1000
    return _postgres_engine(
        url,
        f"-c lock_timeout={milliseconds // 2} -c statement_timeout={milliseconds}",
        pool_pre_ping=True,
        pool_size=2,
        max_overflow=2,
        pool_timeout=INDEPENDENT_TIMEOUT_SECONDS,
    )


def _postgres_engine(url: URL, options: str, **settings: Any) -> Engine:
    """Return an engine that gives up, in bounded time, on a server that does not answer."""
    defaults = {"pool_size": 10, "max_overflow": 10, "pool_timeout": WAIT_SECONDS}
    return _watched(
        create_engine(
            url,
            hide_parameters=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_SECONDS,
                "tcp_user_timeout": WAIT_SECONDS * 1000,
                "options": options,
            },
            **(defaults | settings),
        )
    )


def _sqlite_engine(url: URL, *, wait_seconds: int, **options: Any) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": wait_seconds}, **options
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        # SQLAlchemy sends BEGIN itself (below), instead of sqlite3 guessing when.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return _watched(engine)


def _begin_immediately(engine: Engine) -> None:
    # A deferred BEGIN fails at its first write beside another writer, without waiting
    # (SQLITE_BUSY_SNAPSHOT); BEGIN IMMEDIATE waits its turn and loses no update.
    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _watched(engine: Engine) -> Engine:
    _engines.add(engine)
    event.listen(engine, "reset", _roll_back)
    return engine


def _roll_back(connection: Any, record: Any, state: Any) -> None:
    """Leave no transaction open in the pool; costs nothing where there is none.

    After a COMMIT that failed SQLAlchemy takes the transaction for over. SQLite keeps it open,
    and with it everyone else's write lock; so does any database whose COMMIT was never sent.
    """
    connection.rollback()


def _forget_pooled_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


# A pre-forking server must not share connections between its workers.
os.register_at_fork(after_in_child=_forget_pooled_connections)
