"""Check an access token at Auth itself: verified, and then orders and its session looked up."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gatepass.auth import orders
from gatepass.auth.errors import SessionRefused
from gatepass.auth.results import CheckedToken
from gatepass.auth.usecases._admission import admit
from gatepass.auth.verified import VerifiedToken
from gatepass.jose import JoseError, jwt
from gatepass.oauth import AccessToken, OAuthError, access_token_policy

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.jose import Policy


@lru_cache(maxsize=4)  # one site has few sets of algorithms in its life; a tenth of a check otherwise
def _policy(issuer: str, audience: str, algorithms: frozenset[str], leeway: int) -> Policy:
    return access_token_policy(issuer=issuer, audience=audience, algorithms=algorithms, leeway=leeway)


async def check_access_token(auth: Auth, *, token: str, now: float) -> CheckedToken:
    """Give the session and user of a token that holds now: Auth honours none that the revocation feed takes
    back, whether by an order, with its session or with its user.

    Raises `SessionRefused`.
    """
    claims, kid = _verified(auth, token, now=now)
    # The key too: the ring of this process may be a moment older than the commit that took it back.
    found, taken_back = await auth.store.session_and_orders(
        claims.sid, jti=claims.jti, client_id=claims.client_id, kid=kid
    )
    if orders.taken_back(claims, taken_back):
        raise SessionRefused("token_revoked")
    checked = admit(auth, found, now=now)
    if claims.sub != checked.user.id or claims.epoch < checked.user.revoked_below:
        raise SessionRefused("session_revoked")
    return CheckedToken(checked.session, checked.user, claims)


def _verified(auth: Auth, token: str, *, now: float) -> VerifiedToken:
    """Verify a token, or remember that it was: a Service that asks asks about one again and again."""
    ring = auth.keyring.ring
    seen = ring.verified.get(token, now=now)
    if seen is not None:
        return seen
    terms = auth.terms
    policy = _policy(terms.issuer, terms.audience, ring.algorithms, terms.leeway)
    try:
        found = jwt.verify(token, ring.published, policy, now=now)
        verified = VerifiedToken(AccessToken.from_claims(found.claims), found.kid or "")
    except (JoseError, OAuthError):
        raise SessionRefused("token_invalid") from None
    ring.verified.put(token, verified)
    return verified
