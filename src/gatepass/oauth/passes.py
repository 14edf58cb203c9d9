"""What a session id looks like from outside: all that a Service knows of it before it asks Auth."""

from __future__ import annotations

import re
from typing import Final

# 256 bits in base64url, and a prefix that secret scanners recognise.
_SESSION_PASS: Final = re.compile(r"gps_[A-Za-z0-9_-]{43}")


def is_session_pass(text: str) -> bool:
    """Say whether this has the shape of a session id; whether it is one, only Auth knows."""
    return _SESSION_PASS.fullmatch(text) is not None
