"""Admin pages cost a fixed number of statements, whatever the size of the tables."""

import pytest

from tests.support.staff import begin
from tests.support.statements import counted


@pytest.fixture(params=[1, 70])
def many(request, world):
    """Customers with sessions and events: a few, or more than a page."""
    ids = [world.user(f"person{n}", "customers", password=False) for n in range(request.param)]
    for user_id in ids:
        begin(world, user_id)
    begin(world, ids[0], count=request.param)
    return ids


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/admin", 8),
        ("/admin/sessions", 3),
        ("/admin/sessions?state=all&group=customers&user=p&device=F&idle=1800", 3),
        ("/admin/sessions?address=198.51.100.0/24&state=ended", 3),
        ("/admin/sessions/{session}", 3),
        ("/admin/users", 3),
        ("/admin/users?q=person&group=customers", 3),
        ("/admin/users/{user}", 3),
        ("/admin/groups", 3),
        ("/admin/groups/customers", 3),
        ("/admin/audit", 3),
        ("/admin/audit?subject={user}", 3),
    ],
)
@pytest.mark.parametrize("group", ["admins", "support"])
def test_statements_beside_the_look_up(world, many, browser, path, most, group):
    world.user("kim", group)
    kim = browser()
    kim.sign_in("kim")
    kim.get("/account/sessions")
    session = world.sessions(many[0])[0].public_id.hex

    with counted() as sent:
        page = kim.get(path.format(session=session, user=many[0]), status="*")

    # On SQLite the transactions of the audit trail announce themselves.
    sent = [text for text in sent if not text.startswith("BEGIN")]
    look_up, *rest = sent
    assert page.status_int in {200, 403}
    assert "token_hash" in look_up
    # The record that somebody looked is among them.
    assert len(rest) <= most
