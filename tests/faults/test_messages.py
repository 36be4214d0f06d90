"""What the person is shown after a request that stood, and after one that fell."""

import pytest

from tests.faults.changes import AnonymousFlash, Flash, SignIn
from tests.faults.endings import ENDINGS, UNDONE


def page_after(change, ending):
    change.act(ending)
    path = "/sign-in" if change.anonymous else "/account/sessions"
    return [change.browser.get(path, status=200).text.count("a message") for _ in range(2)]


@pytest.mark.parametrize("kind", [Flash, AnonymousFlash], ids=lambda kind: kind.name)
def test_a_message_is_shown_once_if_its_request_stood_and_never_if_it_fell(world, browser, kind):
    fallen = [name for name, (_, fate) in ENDINGS.items() if fate == UNDONE]

    assert page_after(kind(world, browser), "returned 303") == [1, 0]
    for ending in fallen:
        assert page_after(kind(world, browser), ending) == [0, 0], ending


@pytest.mark.standard("S-093")
@pytest.mark.parametrize(
    "ending",
    ["before-commit hook raises", "IntegrityError at COMMIT", "response callback raises",
     "raises; exception view raises too"],
)  # fmt: skip
def test_whatever_breaks_late_is_a_plain_page_with_headers(world, browser, ending):
    answer = SignIn(world, browser).act(ending)

    assert answer.status_int == 500
    assert "Something went wrong" in answer.text
    assert "Error" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
