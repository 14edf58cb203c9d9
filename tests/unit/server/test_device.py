"""A device's name in a list of sessions."""

import pytest

from gatepass.server.device import device_label

NAMES = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0": "Firefox on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Safari/537.36 Edg/142.0.0.0": "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile "
    "Safari/537.36": "Chrome on Android",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Safari/605.1.15": "Safari on macOS",
    "Mozilla/5.0": "Browser",
    "curl/8.14.1": "curl/8.14.1",
    "": "Unknown device",
    "\x00\x01": "Unknown device",
    "x" * 5000: "x" * 60,
}


@pytest.mark.parametrize("agent", NAMES)
def test_device_label(agent: str) -> None:
    assert device_label(agent) == NAMES[agent]


def test_no_header_is_an_unknown_device() -> None:
    assert device_label(None) == "Unknown device"
