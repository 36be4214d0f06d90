"""What a User-Agent header says of someone's device, in words people know. Pure.

The header is whatever its sender likes, so this is a hint for the person who reads a list of
sessions and never evidence. Its text is hostile: only short, plain names come out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ua_parser import Result, parse

MAX_HEADER_CHARACTERS = 512
MAX_NAME_CHARACTERS = 40

BROWSERS = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "HeadlessChrome": "Chrome",
    "IE": "Internet Explorer",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera Mobile": "Opera",
}
SYSTEMS = {
    "Chrome OS": "ChromeOS",
    "Debian": "Linux",
    "Fedora": "Linux",
    "Mac OS X": "macOS",
    "Red Hat": "Linux",
    "SUSE": "Linux",
    "Ubuntu": "Linux",
    "iOS": "iPhone",
}


@dataclass(frozen=True)
class Device:
    """A browser or program and the system it runs on; each empty where unknown."""

    browser: str
    system: str

    @property
    def label(self) -> str:
        """The device in words: "Firefox on Linux", or as much of that as is known."""
        if not self.system:
            return self.browser or "Unknown device"
        return f"{self.browser or 'Unknown browser'} on {self.system}"


def device_label(user_agent: str | None) -> Device:
    """Return what a User-Agent header says, or ``Device("", "")`` where it says nothing.

    Names have at most 40 characters: letters, digits, spaces and ``. _ + ( ) -``. A robot has a
    name and no system, whatever it pretends to run on.
    """
    # Cut before the cache, so that its keys stay small too.
    return _read((user_agent or "")[:MAX_HEADER_CHARACTERS])


@lru_cache(maxsize=1024)
def _read(user_agent: str) -> Device:
    found = parse(user_agent)
    if found.user_agent is None and found.os is None:
        return Device(_product(user_agent), "")
    browser = found.user_agent.family if found.user_agent else ""
    is_robot = found.device is not None and found.device.family == "Spider"
    return Device(_plain(BROWSERS.get(browser, browser)), "" if is_robot else _system(found))


def _system(found: Result) -> str:
    if found.os is None:
        return ""
    if found.device is not None and found.device.family == "iPad":
        return "iPad"
    return _plain(SYSTEMS.get(found.os.family, found.os.family))


def _product(user_agent: str) -> str:
    """Return the name that a program unknown to ua-parser gives itself: "x" of "x/1.0"."""
    match = re.match(r"([A-Za-z][A-Za-z0-9._-]*)/\d", user_agent)
    name = match[1] if match else ""
    return "" if name == "Mozilla" else _plain(name)


def _plain(name: str) -> str:
    """Return a name without the characters that could mean something to a page or a log."""
    words = re.sub(r"[^A-Za-z0-9 ._+()-]", "", name).split()
    return " ".join(words)[:MAX_NAME_CHARACTERS].strip()
