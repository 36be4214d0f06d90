"""What a person does on a page, by three hands: so that a journey is written once.

A mouse; a mouse where JavaScript is off; and a keyboard alone, which reaches everything by Tab
and Shift+Tab and sees at every stop where it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page

from tests.support.world import PASSWORD

MOST_STOPS = 200

# Where the keyboard is: on the target, or before it; and whether a person can see that.
FOCUS = """target => {
  const active = document.activeElement;
  if (active === document.body) return null;
  const style = getComputedStyle(active), box = active.getClientRects()[0];
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    element: active.outerHTML.slice(0, 150),
    there: active === target,
    before: Boolean(active.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING),
    outlined: active.matches(":focus-visible") && style.outlineStyle === "solid"
      && parseFloat(style.outlineWidth) >= 2 && style.outlineColor !== "rgba(0, 0, 0, 0)",
    uncovered: top !== null && (active.contains(top) || top.contains(active)),
  };
}"""


class Mouse:
    """A person with a mouse. Names are whole, or a beginning that ends with "…"."""

    script = True

    def __init__(self, page: Page) -> None:
        self.page = page

    def goto(self, path: str) -> None:
        """Type an address."""
        self.page.goto(path)

    def press(self, name: str, *, role: str = "button", asks: str = "") -> None:
        """Press a button and see the page that follows.

        Where the script asks first, the question contains ``asks``, and is answered with yes.
        """
        target = self.page.get_by_role(role, **_named(name))
        if asks and self.script:
            self._activate(target)
            question = self.page.get_by_role("dialog")
            assert asks in question.inner_text()
            target = question.get_by_role("button").last
        with self.page.expect_event("load"):
            self._activate(target)

    def follow(self, name: str) -> None:
        """Follow a link."""
        self.press(name, role="link")

    def fill(self, label: str, text: str) -> None:
        """Replace what stands in a field."""
        self._fill(self._field(label), text)

    def choose(self, label: str, option: str) -> None:
        """Choose in a list, by the words shown or their beginning."""
        field = self._field(label)
        texts = [text.strip() for text in field.locator("option").all_inner_texts()]
        (wanted,) = (text for text in texts if re.match(_named(option)["name"], text))
        self._choose(field, wanted)

    def tick(self, label: str) -> None:
        """Tick a box, or take the tick away."""
        self._tick(self._field(label))

    @property
    def path(self) -> str:
        """The path of the page's address."""
        return re.sub(r"^https?://[^/]+|\?.*$", "", self.page.url)

    @property
    def told(self) -> str:
        """What the page says was done."""
        return " ".join(self.page.get_by_role("status").all_inner_texts())

    @property
    def alerted(self) -> str:
        """What the page says went wrong."""
        return " ".join(self.page.get_by_role("alert").all_inner_texts())

    def _field(self, label: str) -> Locator:
        return self.page.get_by_label(_named(label)["name"])

    def _activate(self, target: Locator) -> None:
        target.click()

    def _fill(self, field: Locator, text: str) -> None:
        field.fill(text)

    def _choose(self, field: Locator, option: str) -> None:
        field.select_option(label=option)

    def _tick(self, box: Locator) -> None:
        box.click()


class MouseWithoutScript(Mouse):
    """The same where JavaScript is switched off."""

    script = False


class Keyboard(Mouse):
    """A person who has no mouse."""

    def _activate(self, target: Locator) -> None:
        self.reach(target)
        is_link = target.evaluate("element => element.matches('a')")
        self.page.keyboard.press("Enter" if is_link else "Space")

    def _fill(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def _choose(self, field: Locator, option: str) -> None:
        self.reach(field)
        self.page.keyboard.press("Home")
        for _ in range(field.locator("option").count()):
            if field.evaluate("select => select.selectedOptions[0].text.trim()") == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{option!r} is not reached by arrow keys")

    def _tick(self, box: Locator) -> None:
        self.reach(box)
        self.page.keyboard.press("Space")

    def reach(self, target: Locator) -> None:
        """Go from stop to stop until the target has the focus; each must be seen."""
        element = target.element_handle()
        for _ in range(MOST_STOPS):
            stop = self.page.evaluate(FOCUS, element)
            assert stop is None or (stop["outlined"] and stop["uncovered"]), stop
            if stop is not None and stop["there"]:
                return
            self.page.keyboard.press("Tab" if stop is None or stop["before"] else "Shift+Tab")
        raise AssertionError(f"{target} is not reached by Tab")


def _named(name: str) -> dict[str, re.Pattern[str]]:
    is_whole = not name.endswith("…")
    return {"name": re.compile(f"^{re.escape(name.removesuffix('…'))}{'$' if is_whole else ''}")}


def sign_in(hand: Mouse, login: str, password: str = PASSWORD) -> None:
    """Go to the sign-in page and send it."""
    hand.goto("/sign-in")
    hand.fill("Login", login)
    hand.fill("Password", password)
    hand.press("Sign in")


# ---------------------------------------------------------------- which forms are sent

SENT: set[str] = set()


def sends(*route_names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Name the routes whose forms a journey sends with success; the fixture holds it to that."""

    def mark(journey: Callable[..., None]) -> Callable[..., None]:
        SENT.update(route_names)
        journey.sends = set(route_names)  # type: ignore[attr-defined]
        return journey

    return mark
