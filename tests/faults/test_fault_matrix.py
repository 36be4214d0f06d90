"""However a request ends, its session state stands or falls with all the rest (S-078 to S-084).

Every ending of a request, with what a person does in it, on both databases, with and without
pyramid_retry, through HTTP and with real commits. What was measured is ``docs/fault-matrix.md``.
"""

import pytest

from tests.faults.changes import CHANGES
from tests.faults.endings import ENDINGS, KEPT, RETRIED
from tests.faults.matrix import measure, promised, table
from tests.support import generated


@pytest.mark.standard("S-025")
@pytest.mark.standard("S-078")
@pytest.mark.standard("S-079")
@pytest.mark.standard("S-080")
@pytest.mark.standard("S-084")
@pytest.mark.standard("S-086")
@pytest.mark.parametrize("name", CHANGES)
def test_what_a_person_does_stands_or_falls_with_the_request(world, browser, retrying, name):
    measured = {"without": {}, "with": {}}
    broken = []
    for retry, open_browser in (("without", browser), ("with", retrying)):
        for ending, (_, fate) in ENDINGS.items():
            change = CHANGES[name](world, open_browser)
            outcome = measure(change, ending)
            measured[retry][ending] = outcome
            kept = fate == KEPT or (fate == RETRIED and retry == "with")
            expected = promised(
                change, outcome.answer, kept=kept, answered=ending != "response callback raises"
            )
            if outcome != expected:
                broken.append(f"{ending}, {retry} pyramid_retry: {outcome}, promised {expected}")

    assert not broken, "\n".join(broken)
    generated.check("fault-matrix.md", name, table(measured["without"], measured["with"]))


def test_the_page_has_the_parts_that_are_measured_and_no_other():
    assert generated.parts("fault-matrix.md") == set(CHANGES)
