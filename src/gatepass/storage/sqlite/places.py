"""Where a row is looked for that is known by a hash.

A tree of numbers is flat and stays in memory but for its leaves, one of 32-byte keys, or of whole rows, does
not. The number only says where to look: a row counts if its whole hash is the one that was asked for.
"""

from __future__ import annotations


def place(digest: bytes) -> int:
    """Give the first 64 bits of a SHA-256 as SQLite's signed integer.

    They are as random as the hash: that two of ten million rows meet has a chance of 1 in 400,000. The second
    one then is a conflict like any other, and whoever wanted it draws anew.
    """
    return int.from_bytes(digest[:8], signed=True)
