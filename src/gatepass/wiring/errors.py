"""Why Auth can't be put together."""

from __future__ import annotations

from typing import Final


class WiringError(Exception):
    """Auth can't be put together; the text says what to do about it."""

    code: Final = "wiring"
