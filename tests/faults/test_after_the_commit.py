"""What runs after the commit writes nothing of the request's, and runs only if it succeeded."""

import pytest
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from sqlalchemy import event, select, text
from transaction.interfaces import NoTransaction

from govapp.models import Throttle
from tests.faults.changes import CHANGES
from tests.faults.endings import ENDINGS, UNDONE

WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def late():
    """What a response callback met."""
    return []


@pytest.fixture
def extend(extend, late):
    def add_late(config):
        extend(config)

        def touch_late(request):
            def touch(request, response):
                with pytest.raises(NoTransaction) as raised:
                    request.dbsession.execute(text("SELECT 1"))
                late.append(raised.value)
                request.dbsession.close()

            request.add_response_callback(touch)
            return Response("done")

        def mark(request):
            """Leave a mark after the commit, as a mail would be sent, and end as asked."""

            def write(independent):
                independent.add(
                    Throttle(key="mark", attempts=1, last_at=request.now, blocked_until=request.now)
                )

            request.after_commit(write)
            return Response("done")

        for view in (touch_late, mark):
            config.add_route(view.__name__, f"/probe/{view.__name__}")
            config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)

    return add_late


@pytest.fixture
def writer_log(app):
    """What the request's own engine was asked for, commits and all, in order."""
    writer = app.registry["dbsession_factory"].kw["bind"]
    log = []
    event.listen(
        writer, "before_cursor_execute", lambda c, cursor, sql, p, context, many: log.append(sql)
    )
    for name in ("commit", "rollback"):
        event.listen(writer, name, lambda connection, name=name: log.append(name.upper()))
    return log


@pytest.mark.standard("S-081")
@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_written_after_the_commit(world, browser, writer_log, name):
    change = CHANGES[name](world, browser)
    writer_log.clear()

    change.act("the view's own answer")

    assert "COMMIT" in writer_log
    after = writer_log[writer_log.index("COMMIT") + 1 :]
    assert not [sql for sql in after if sql.startswith(WRITES)]


@pytest.mark.standard("S-081")
@pytest.mark.standard("S-082")
def test_a_response_callback_has_no_transaction_to_write_in(world, browser, late):
    browser().get("/probe/touch_late", status=200)

    assert len(late) == 1


@pytest.mark.standard("S-082")
def test_the_transaction_manager_is_explicit(app):
    assert app.registry.settings["tm.manager_hook"].__name__ == "explicit_manager"


@pytest.mark.standard("S-088")
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_to_follow_the_commit_follows_only_a_commit(world, browser, ending):
    fate = ENDINGS[ending][1]

    browser().get("/probe/mark", status="*", headers={"X-Ending": ending})

    with world.db() as db:
        marks = db.scalars(select(Throttle).where(Throttle.key == "mark")).all()
    assert len(marks) == (1 if fate == "kept" else 0)


@pytest.mark.standard("S-085")
@pytest.mark.parametrize("ending", [name for name, (_, fate) in ENDINGS.items() if fate == UNDONE])
def test_a_refusal_is_recorded_whatever_becomes_of_its_request(world, browser, ending, app):
    user = world.user("bea")
    bea = browser()
    bea.sign_in("bea")

    bea.post("/account/password", {"current": "wrong", "new": "x"}, status="*",
             headers={"X-Ending": ending})  # fmt: skip

    (refusal,) = world.events("authn_password_change_fail")
    assert refusal.subject_id == user


def test_the_writer_log_sees_what_it_is_there_to_see(world, app, writer_log):
    with app.registry["dbsession_factory"].kw["bind"].begin() as connection:
        connection.execute(text("DELETE FROM govapp_throttle"))

    assert [entry for entry in writer_log if entry.startswith(WRITES)]
