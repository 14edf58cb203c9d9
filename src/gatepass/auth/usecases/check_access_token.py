"""Check an access token at Auth itself: verified, and then its session looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.errors import SessionRefused
from gatepass.auth.usecases._admission import admit
from gatepass.jose import JoseError, jwt
from gatepass.oauth import AccessToken, OAuthError, access_token_policy

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import CheckedSession


async def check_access_token(auth: Auth, *, token: str, now: float) -> CheckedSession:
    """Give the session and user of a token that holds now: Auth honours no token of an ended session.

    Raises `SessionRefused`.
    """
    ring = auth.keyring.ring
    terms = auth.terms
    policy = access_token_policy(
        issuer=terms.issuer, audience=terms.audience, algorithms=ring.algorithms, leeway=terms.leeway
    )
    try:
        claims = AccessToken.from_claims(jwt.verify(token, ring.published, policy, now=now).claims)
    except (JoseError, OAuthError):
        raise SessionRefused("token_invalid") from None
    checked = admit(auth, await auth.store.session_by_sid(claims.sid), now=now)
    if claims.sub != checked.user.id or claims.epoch < checked.user.revoked_below:
        raise SessionRefused("session_revoked")
    return checked
