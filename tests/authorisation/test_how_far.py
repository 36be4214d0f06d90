"""What is done reaches as far as it says and no further; looking moves only one's last activity."""

import pytest
from sqlalchemy import select

from govapp.models import Session
from tests.authorisation.asking import ask
from tests.authorisation.matrix import load

LOOKING = [line for line in load().lines if line.method == "GET" and "200" in line.cells.values()]


def line_of(matrix, path, target):
    (line,) = [
        each
        for each in matrix.lines
        if (each.method, each.path, each.target) == ("POST", path, target)
    ]
    return line


def ended(rows):
    """The rows of sessions that are over, as (public id, user id)."""
    names = [c.name for c in Session.__table__.c if c.name not in {"last_seen_at", "data"}]
    names.remove("idle_expires_at")
    found = [dict(zip(names, row, strict=True)) for row in rows[Session.__tablename__]]
    return {(str(row["public_id"]), row["user_id"]) for row in found if row["ended_at"]}


@pytest.mark.standard("S-057")
@pytest.mark.parametrize("who", ["supp", "secu", "admn", "s:end"])
def test_ending_one_session_ends_one_and_ending_a_persons_ends_theirs(stage, matrix, who):
    before = ended(stage.arranged)

    one = ask(stage, matrix, line_of(matrix, "/admin/sessions/{id}/revocation", "customer"), who)
    theirs = ask(stage, matrix, line_of(matrix, "/admin/users/{id}/revocation", "customer"), who)

    customer, session_id = stage.ids["users"]["customer"], stage.ids["sessions"]["customer"]
    assert one.said == theirs.said == "done"
    ((ended_id, owner),) = ended(one.rows) - before
    assert (ended_id.replace("-", ""), owner) == (session_id, customer)
    assert [owner for _, owner in ended(theirs.rows) - before] == [customer, customer]


def last_activity(stage):
    with stage.engine.connect() as connection:
        columns = (Session.public_id, Session.last_seen_at, Session.idle_expires_at)
        return {found[0].hex: tuple(found) for found in connection.execute(select(*columns))}


@pytest.mark.standard("S-075")
def test_looking_moves_the_last_activity_of_the_session_in_use_alone_and_once(stage, matrix):
    stage.restore()
    arranged = last_activity(stage)

    ask(stage, matrix, LOOKING[-1], "admn")
    noted = last_activity(stage)
    for line in LOOKING:
        ask(stage, matrix, line, "admn")

    assert {key for key in arranged if noted[key] != arranged[key]} == {stage.people["admn"].own}
    assert last_activity(stage) == noted
