"""Renew: the expired access token itself → a new one; its refresh record never left the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth import orders
from gatepass.auth.errors import RefreshRefused
from gatepass.auth.opaque import hash_text
from gatepass.auth.recipient import jti_of_record
from gatepass.auth.refresh import RENEWAL_EARLY, RefreshForm, refusal_of_backing
from gatepass.auth.tokens import access_token
from gatepass.auth.usecases._rotation import rotate
from gatepass.jose import JoseError, jwt
from gatepass.oauth import AccessToken, OAuthError, access_token_policy, is_encrypted

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import Tokens
    from gatepass.auth.terms import Client


async def renew(auth: Auth, *, expired_token: str, client: Client, now: float) -> Tokens:
    """Give a new access token for one that expired, or will within `RENEWAL_EARLY` seconds, or that Services
    refuse already. Raises `RefreshRefused`, also for the last of these where somebody was logged out.

    Each JWT renews once; within the grace the same answer is repeated. One that was itself taken back renews
    no more: it would get a good one for a bad one (CVE-2020-10594).
    """
    if is_encrypted(expired_token):
        token, kid = await _of_record(auth, expired_token), ""
    else:
        token, kid = _ours(auth, expired_token)
    found = await auth.store.orders_on(jti=token.jti, client_id=token.client_id, kid=kid)
    if any(order.selects in orders.THIS_VERY_ONE for order in found):
        raise RefreshRefused("token_revoked")
    early = now < token.exp - RENEWAL_EARLY
    taken_back = orders.taken_back(token, found)
    if early and not taken_back and await _still_good(auth, token, expired_token, now=now):
        raise RefreshRefused("renewal_too_early")
    return await rotate(auth, presented=expired_token, form=RefreshForm.RENEWAL, client=client, now=now)


async def _still_good(auth: Auth, token: AccessToken, text: str, *, now: float) -> bool:
    """Say whether the user may do the same as before, and the login behind the token is not over."""
    found = await auth.store.refresh_by_hash(hash_text(text))
    if found is None:
        return False
    record, session, user = found
    return token.epoch >= user.epoch and refusal_of_backing(record, session, user, now=now) is None


async def _of_record(auth: Auth, text: str) -> AccessToken:
    """Say what stands in an encrypted token, which only its Service can open, by its refresh record.

    The hash finds none but the very text that we handed out, and nobody can write that again, not even with
    the key that signed it: what encrypts is drawn anew each time.
    """
    found = await auth.store.refresh_by_hash(hash_text(text))
    if found is None or found[0].form is not RefreshForm.RENEWAL:
        raise RefreshRefused("refresh_unknown")
    record, session, user = found
    jti = jti_of_record(family=record.family, issued_at=record.issued_at, kek=auth.kek)
    token = access_token(
        session, user, terms=auth.terms, jti=jti, lifetime=record.lifetime, now=record.issued_at
    )
    return msgspec.structs.replace(token, epoch=record.epoch)


def _ours(auth: Auth, text: str) -> tuple[AccessToken, str]:
    """Verify everything but the end: signature by any key of ours, also a retired one, issuer, audience,
    type and claims.

    Judged as of the token's own last second, so that the one strict verifier serves here too, and nothing is
    switched off. Gives the kid of its key too.
    """
    ring = auth.keyring.ring
    terms = auth.terms
    policy = access_token_policy(
        issuer=terms.issuer, audience=terms.audience, algorithms=ring.algorithms, leeway=terms.leeway
    )
    try:
        # A stranger's word: it only chooses the moment.
        ends = AccessToken.from_claims(jwt.peek(text).claims).exp
        verified = jwt.verify(text, ring.known, policy, now=float(ends - 1))
        return AccessToken.from_claims(verified.claims), verified.kid or ""
    except (JoseError, OAuthError):
        raise RefreshRefused("token_invalid") from None
