"""A real browser for the tests, and a real server for it to visit.

``python -m tests.support.browser`` says in one line which browser would be used, or what to
install.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, sync_playwright
from waitress import create_server
from waitress.wasyncore import close_all

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "Chromium is missing: install it (Debian: apt-get install chromium), or name its program in"
    " CHROMIUM"
)
# No sandbox, because root has none; the rest keeps the browser from calling home.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Playwright switches off what every browser does on "Back": show the page as it was left.
NOT_SWITCHED_OFF = ("--disable-back-forward-cache",)


class BrowserUnavailable(Exception):
    """Raised when there is no browser to test with; the message says what to install."""


def find_chromium() -> str:
    """Return the path of Chromium: what ``CHROMIUM`` names, else one on ``PATH``.

    Raises BrowserUnavailable.
    """
    names = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else NAMES
    for name in names:
        if path := shutil.which(name):
            return path
    raise BrowserUnavailable(MISSING)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Yield a running headless Chromium. Raises BrowserUnavailable."""
    program = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=list(FLAGS), ignore_default_args=list(NOT_SWITCHED_OFF)
        )
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def serve(make_app: Callable[[str], Any]) -> Iterator[str]:
    """Serve a WSGI application on a free port of this machine; yield its base URL.

    The application is made by ``make_app(base_url)``, because its settings name its own URL.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base_url = f"http://localhost:{listener.getsockname()[1]}"
        server = create_server(make_app(base_url), sockets=[listener], threads=8)
        thread = threading.Thread(target=server.run, name="serve")
        thread.start()
        try:
            yield base_url
        finally:
            # Waitress is stopped from within its own loop, which ends when nothing is left open.
            server.trigger.pull_trigger(lambda: close_all(server._map))
            thread.join()
            server.task_dispatcher.shutdown()


def _report() -> int:
    """Print in one line which browser would be used, or what to install."""
    try:
        print(f"Chromium: {find_chromium()}")
    except BrowserUnavailable as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_report())
