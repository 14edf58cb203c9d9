"""A short name for the device of a session, from its User-Agent, for a person who looks through a list."""

from __future__ import annotations

import re
from typing import Final

# User-Agent strings are a stranger's text: bounded before they are searched.
_MAX_READ: Final = 512
_MAX_LABEL: Final = 60

# The first that is found counts: the later ones stand in the strings of the earlier ones too.
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_PRODUCT: Final = re.compile(r"[!-~][ -~]*")


def device_label(user_agent: str | None) -> str:
    """Name the device, such as `Firefox on Linux`; a program is named as it names itself."""
    text = (user_agent or "")[:_MAX_READ]
    if not text.startswith("Mozilla/"):
        match = _PRODUCT.match(text)
        return match[0][:_MAX_LABEL].strip() if match else "Unknown device"
    browser = next((name for mark, name in _BROWSERS if mark in text), "Browser")
    system = next((name for mark, name in _SYSTEMS if mark in text), None)
    return f"{browser} on {system}" if system else browser
