"""Parts of ``docs/`` that tests write, and hold to what they measured.

In the document such a part stands between ``<!-- generated: name -->`` and
``<!-- end of name -->``. ``make docs`` runs the tests with ``REWRITE_DOCS=1``, which writes
instead of comparing.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def check(document: str, name: str, measured: str) -> None:
    """Fail unless the part ``name`` of ``docs/{document}`` says what was measured."""
    path = DOCS / document
    text = path.read_text("utf-8")
    begin, end = f"<!-- generated: {name} -->\n", f"\n<!-- end of {name} -->"
    pattern = re.compile(f"(?<={re.escape(begin)}).*?(?={re.escape(end)})", re.DOTALL)
    found = pattern.search(text)
    assert found, f"docs/{document} has no part {begin.strip()}"
    if os.environ.get("REWRITE_DOCS"):
        path.write_text(pattern.sub(lambda _: measured, text), "utf-8")
        return
    assert found.group() == measured, f"docs/{document} is out of date; `make docs` rewrites it"


def parts(document: str) -> set[str]:
    """Return the names of the parts of ``docs/{document}``."""
    text = (DOCS / document).read_text("utf-8")
    return set(re.findall(r"<!-- generated: (.*?) -->", text))
