"""No form is left out of the journeys."""

import pytest

from tests.browser import test_my_journeys, test_staff_journeys
from tests.browser.hands import SENT

# Importing them is what fills SENT.
JOURNEYS = (test_my_journeys, test_staff_journeys)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.standard("S-101")
def test_every_form_is_sent_in_some_journey(app):
    forms = {
        found["introspectable"]["route_name"]
        for found in app.registry.introspector.get_category("views")
        if "POST" in (found["introspectable"]["request_methods"] or ())
    }

    assert forms == SENT
