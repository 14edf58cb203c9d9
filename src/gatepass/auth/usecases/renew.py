"""Renew: the expired access token itself → a new one; its refresh record never left the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.errors import RefreshRefused
from gatepass.auth.refresh import RENEWAL_EARLY, RefreshForm
from gatepass.auth.usecases._rotation import rotate
from gatepass.jose import JoseError, jwt
from gatepass.oauth import AccessToken, OAuthError, access_token_policy

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import Tokens
    from gatepass.auth.terms import Client


async def renew(auth: Auth, *, expired_token: str, client: Client, now: float) -> Tokens:
    """Give a new access token for one that expired, or will within `RENEWAL_EARLY` seconds. Raises
    `RefreshRefused`.

    Each JWT renews once; within the grace the same answer is repeated.
    """
    token = _ours(auth, expired_token)
    if now < token.exp - RENEWAL_EARLY:
        raise RefreshRefused("renewal_too_early")
    return await rotate(auth, presented=expired_token, form=RefreshForm.RENEWAL, client=client, now=now)


def _ours(auth: Auth, text: str) -> AccessToken:
    """Verify everything but the end: signature by any key of ours, also a retired one, issuer, audience,
    type and claims.

    Judged as of the token's own last second, so that the one strict verifier serves here too, and nothing is
    switched off.
    """
    ring = auth.keyring.ring
    terms = auth.terms
    policy = access_token_policy(
        issuer=terms.issuer, audience=terms.audience, algorithms=ring.algorithms, leeway=terms.leeway
    )
    try:
        ends = AccessToken.from_claims(
            jwt.peek(text).claims
        ).exp  # a stranger's word: it only chooses the moment
        return AccessToken.from_claims(jwt.verify(text, ring.known, policy, now=float(ends - 1)).claims)
    except (JoseError, OAuthError):
        raise RefreshRefused("token_invalid") from None
