"""What a User-Agent header is read as, from honest and from hostile senders."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govapp.devices import Device, device_label

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) {APPLE}"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/126.0.0.0 Safari/537.36"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/126.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
         "Firefox on Linux"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
         "Firefox on Linux"),
        ("Mozilla/5.0 (X11; FreeBSD amd64; rv:127.0) Gecko/20100101 Firefox/127.0",
         "Firefox on FreeBSD"),
        (WINDOWS, "Chrome on Windows"),
        (f"{WINDOWS} Edg/126.0.0.0", "Edge on Windows"),
        (f"{WINDOWS} OPR/111.0.0.0", "Opera on Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/17.5 Safari/605.1.15",
         "Safari on macOS"),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"{IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"),
        (f"Mozilla/5.0 (iPad; CPU OS 16_5 like Mac OS X) {APPLE} Version/16.5 Mobile/15E148"
         " Safari/604.1", "Safari on iPad"),
        (ANDROID, "Chrome on Android"),
        (f"{ANDROID} EdgA/126.0.0.0", "Edge on Android"),
        (f"Mozilla/5.0 (Linux; Android 14; SM-S918B) {WEBKIT} SamsungBrowser/25.0"
         " Chrome/121.0.0.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
         "Firefox on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/126.0.0.0 Safari/537.36",
         "Chrome on ChromeOS"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Unknown browser on Windows"),
    ],
)  # fmt: skip
def test_browsers_are_named_with_their_system(user_agent: str, label: str) -> None:
    assert device_label(user_agent).label == label


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        (f"{ANDROID} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot"),
        ("curl/7.88.1", "curl"),
        ("python-requests/2.32.3", "Python Requests"),
        ("python-httpx/0.27.0", "python-httpx"),
    ],
)
def test_robots_and_programs_have_a_name_and_no_system(user_agent: str, name: str) -> None:
    assert device_label(user_agent) == Device(name, "")


@pytest.mark.parametrize("user_agent", [None, "", " ", "Mozilla/5.0", "-", "\x00", "x" * 9000])
def test_a_header_that_says_nothing_is_an_unknown_device(user_agent: str | None) -> None:
    assert device_label(user_agent).label == "Unknown device"


@pytest.mark.standard("S-103")
@pytest.mark.parametrize(
    "user_agent",
    [
        "<script>alert(1)</script>",
        "<b>evil</b>/1.0 Firefox on Linux",
        'Firefox/1.0\r\nSet-Cookie: a=b","outcome":"ok',
        "\x1b[31mcurl/1.0\u2028\u202eevil",
        "Mozilla/5.0 (Linux; Android 4; <img src=x onerror=alert(1)> Build/A) Version/4.0",
        f"{'LongName' * 30}/1.0",
        f"{'bot-' * 100}/1.0 (http://evil.example/)",
        f"Mozilla/5.0 ({'; ' * 5000}",
    ],
)
def test_hostile_headers_come_out_short_and_inert(user_agent: str) -> None:
    assert_inert(device_label(user_agent))


@pytest.mark.standard("S-128")
# No deadline: the first call loads the patterns.
@settings(deadline=None)
@given(st.text(max_size=600))
@example("Mozilla/5.0 (" + "Linux; " * 80)
def test_any_text_comes_out_short_and_inert(user_agent: str) -> None:
    assert_inert(device_label(user_agent))


@pytest.mark.standard("S-128")
def test_a_name_past_the_first_512_characters_is_not_read() -> None:
    assert device_label(" " * 512 + "curl/7.88.1").label == "Unknown device"


def assert_inert(device: Device) -> None:
    for name in (device.browser, device.system):
        assert re.fullmatch(r"[A-Za-z0-9 ._+()-]{0,40}", name)
