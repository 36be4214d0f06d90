"""Look at a page as axe-core does, and as people who see, hear or touch it do."""

from __future__ import annotations

from importlib import resources

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Still an experiment of axe-core: a name begins with, or contains, what is to be read.
    "rules": {"label-content-name-mismatch": {"enabled": True}},
    "resultTypes": ["violations"],
}
# (WIDTH, HEIGHT) in CSS pixels: a desk, a phone.
SCREENS = ((1280, 800), (375, 800))
NARROWEST = 320

# Every control by its name as assistive technology says it, and by the words seen on it.
CONTROLS = """() => {
  axe.setup();
  const root = document.querySelector("dialog[open]") ?? document.body;
  const found = [...root.querySelectorAll("button, a, select, textarea, input")]
    .filter((element) => element.checkVisibility())
    .map((element) => {
      const seen = element.cloneNode(true);
      seen.querySelectorAll(".visually-hidden").forEach((part) => part.remove());
      return {
        name: axe.commons.text.accessibleText(element),
        seen: element.matches("button, a") ? seen.textContent.replace(/\\s+/g, " ").trim() : "",
        tag: element.tagName,
        goes: element.href ?? null,
      };
    });
  axe.teardown();
  return found;
}"""

# What each field that is marked as wrong is described by, word for word.
DESCRIPTIONS = """() => [...document.querySelectorAll("[aria-invalid=true]")].map((field) =>
  (field.getAttribute("aria-describedby") ?? "").split(" ")
    .map((id) => document.getElementById(id)?.textContent ?? "").join(" "))"""


def violations(page):
    """Return what axe-core finds, light and dark, on every screen; each with an element."""
    page.evaluate(AXE)
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            for one in page.evaluate("rules => axe.run(rules)", RULES)["violations"]:
                nodes = [node["html"][:200] for node in one["nodes"][:3]]
                found.append((scheme, width, one["id"], one["help"], nodes))
    return found


def overflow(page):
    """Return how many CSS pixels the page is wider than the narrowest screen."""
    page.set_viewport_size({"width": NARROWEST, "height": 800})
    return page.evaluate("document.documentElement.scrollWidth") - NARROWEST
