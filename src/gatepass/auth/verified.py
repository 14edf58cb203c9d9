"""Access tokens that Auth verified: asked about again, one costs a look into memory and no signature."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from gatepass.oauth import AccessToken

MOST_KEPT: Final = 4_096
"""Tokens at most, at some 3 KB each."""


class VerifiedToken(NamedTuple):
    """What a token says, and the key that signed it; whether it is taken back, the store knows."""

    claims: AccessToken
    kid: str


class VerifiedTokens:
    """A bounded map from the whole text of a verified token to what it says.

    Safe because only what was verified gets in, under its complete canonical text (two different strings are
    never the same token), and because one map belongs to one keyring: when a key goes, so does the map.
    """

    __slots__ = ("_kept",)

    def __init__(self) -> None:
        # A dict looks for its oldest entry past the places of all that left: 0.8 µs more for each token.
        self._kept: OrderedDict[str, VerifiedToken] = OrderedDict()

    def get(self, token: str, *, now: float) -> VerifiedToken | None:
        """Give what a token says, None when it was not seen or is over."""
        kept = self._kept.get(token)
        return None if kept is None or now >= kept.claims.exp else kept

    def put(self, token: str, verified: VerifiedToken) -> None:
        """Remember a token that was verified; the oldest makes room."""
        if len(self._kept) >= MOST_KEPT:
            self._kept.popitem(last=False)
        self._kept[token] = verified
