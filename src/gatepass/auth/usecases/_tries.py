"""How often a use case loads and decides again."""

from typing import Final

TRIES: Final = 5
"""A conflict means that somebody else's change came first; after it the decision is nearly always another
one. More than a few in a row means that something is wrong, and the caller gets to know."""
