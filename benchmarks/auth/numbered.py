"""Secrets by number, the same in Python and in SQL: the load knows what a table was filled with."""

import random
from base64 import urlsafe_b64encode
from hashlib import sha256

SESSIONS_PER_USER = 10
_DRAWN = random.Random(20261125)  # the same ones in every run


def session_id(number: int) -> str:
    """The pass of a session."""
    return "gps_" + body(f"session {number}")


def refresh_token(number: int) -> str:
    """What renews its tokens."""
    return "gpr_" + body(f"refresh {number}")


def drawn(count: int, *, among: int) -> list[int]:
    """Different numbers from the whole of a table, at random."""
    return _DRAWN.sample(range(among), min(count, among))


def body(seed: str) -> str:
    """43 characters that follow from a seed."""
    return urlsafe_b64encode(sha256(seed.encode()).digest()).rstrip(b"=").decode()
