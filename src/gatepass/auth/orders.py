"""Orders: an administrator takes tokens back by what stands in them, not by whose they are.

They end tokens alone: sessions and refresh records stay, so that honest clients renew in silence. Auth
itself asks for them where a token is presented (`check_access_token`, `renew`); everything else that is in
the revocation feed it knows from the session and the user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth.errors import InvalidInput
from gatepass.auth.revocations import Revocation, forget_after
from gatepass.auth.terms import DAY
from gatepass.oauth import Selects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gatepass.auth.terms import Terms
    from gatepass.oauth import AccessToken

KEY_KEPT: Final = 30 * DAY
"""Seconds that the entry of a compromised key is kept. Whoever has its private half writes any `exp` they
like, so the entry outlasts every copy of the key set that a Service may still have, one on disk too."""

_LONGEST: Final = 256  # characters; ids of ours have 22, a client's or another issuer's may have more


def token_order(jti: str, *, terms: Terms, now: float) -> Revocation:
    """Take one token back. Kept as long as it could renew in the renewal form, not only until it expires."""
    kept = max(forget_after(now), int(now) + terms.refresh_idle)
    return Revocation(Selects.JTI, _checked(jti, "jti"), 0, kept)


def client_order(client_id: str, *, now: float) -> Revocation:
    """Take back all tokens that a client was issued up to now."""
    return Revocation(Selects.CLIENT_ID, _checked(client_id, "client_id"), _behind(now), forget_after(now))


def order_for_all(*, now: float) -> Revocation:
    """Take back all tokens that were issued up to now."""
    return Revocation(Selects.ALL, "", _behind(now), forget_after(now))


def key_compromised(kid: str, *, now: float) -> Revocation:
    """Take back whatever a key signed, or will have signed."""
    return Revocation(Selects.KID, kid, 0, int(now) + KEY_KEPT)


def taken_back(token: AccessToken, found: Iterable[Revocation]) -> bool:
    """Say whether one of the orders that were found for a token meets it: the strictest counts."""
    return any(one.selects in THIS_VERY_ONE or token.iat < one.below for one in found)


THIS_VERY_ONE: Final = frozenset({Selects.JTI, Selects.KID})
"""What these select is bad whenever it was issued, and for whatever it is presented."""


def _behind(now: float) -> int:
    # `iat` is in whole seconds: the bound lies behind the present one, or what was issued in it would slip
    # through. What is issued in the rest of it is refused too, and renewed a moment later.
    return int(now) + 1


def _checked(value: str, field: str) -> str:
    if not (0 < len(value) <= _LONGEST and value.isascii() and value.isprintable()):
        raise InvalidInput(field, f"must be 1 to {_LONGEST} printable characters")
    return value
