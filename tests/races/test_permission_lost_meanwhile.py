"""A permission goes between the check and the write."""

import pytest

from govapp.models import Membership
from tests.races.arrange import business_rows
from tests.support.together import InBackground


@pytest.mark.standard("S-060")
def test_a_permission_lost_between_check_and_write_stops_the_write(world, browser, gate):
    sam = world.user("sam", "support")
    staff = browser()
    staff.sign_in("sam")
    request = InBackground(lambda: staff.get("/probe/permitted", status="*"))
    gate.reached()

    with world.db() as connection:
        connection.delete(connection.get_one(Membership, (sam, "support")))
    gate.open()

    assert request.result().status_int == 403
    assert business_rows(world) == 0
    assert staff.is_signed_in
