"""Access tokens: what one says about a session and its user (RFC 9068)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.errors import InvalidInput
from gatepass.auth.opaque import RefreshToken, hash_text, new_id
from gatepass.auth.recipient import jti_of_record
from gatepass.auth.refresh import RefreshForm
from gatepass.auth.results import Tokens
from gatepass.jose import jws
from gatepass.oauth import ACCESS_TOKEN_TYP, AccessToken

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Terms
    from gatepass.auth.users import User


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """Tokens as they are sealed for the grace."""

    access_token: str
    expires_at: int
    refresh_token: str | None

    def __repr__(self) -> str:
        return f"Answer(expires_at={self.expires_at!r})"

    @property
    def presentable(self) -> str:
        """What gets the next tokens: the refresh token, or in the renewal form the access token itself."""
        return self.access_token if self.refresh_token is None else self.refresh_token

    def to_tokens(self, *, form: RefreshForm, sid: str, now: float) -> Tokens:
        """Give the tokens as they are handed out now."""
        token = None if self.refresh_token is None else RefreshToken(self.refresh_token)
        return Tokens(
            access_token=self.access_token,
            expires_at=self.expires_at,
            expires_in=max(0, self.expires_at - int(now)),
            refresh_token=token,
            form=form,
            sid=sid,
        )


def mint(
    auth: Auth,
    session: Session,
    user: User,
    *,
    form: RefreshForm,
    family: str,
    lifetime: int,
    now: float,
) -> tuple[Answer, bytes]:
    """Sign an access token, encrypt it where that is wanted, and make what renews it; gives them and the
    access token's hash."""
    if auth.recipient is None:
        jti = new_id(auth.entropy)
    else:
        jti = jti_of_record(family=family, issued_at=now, kek=auth.kek)
    claims = access_token(session, user, terms=auth.terms, jti=jti, lifetime=lifetime, now=now)
    # Not by `jwt.sign`, which looks at claims of any origin one by one; these have their types already.
    text = jws.sign(claims.to_json(), auth.keyring.ring.signing_key(now), typ=ACCESS_TOKEN_TYP)
    if auth.recipient is not None:
        text = auth.recipient.seal(text, entropy=auth.entropy)
    refresh = RefreshToken.new(auth.entropy).reveal() if form is RefreshForm.STANDARD else None
    return Answer(text, claims.exp, refresh), hash_text(text)


def access_token(
    session: Session, user: User, *, terms: Terms, jti: str, lifetime: int, now: float
) -> AccessToken:
    """Say who the user is and what they may do; the token ends with its session at the latest."""
    issued = int(now)
    return AccessToken(
        iss=terms.issuer,
        sub=user.id,
        aud=terms.audience,
        client_id=terms.client_id,
        exp=min(issued + lifetime, int(session.ends_at)),
        iat=issued,
        nbf=issued,
        jti=jti,
        sid=session.sid,
        epoch=user.epoch,
        auth_time=int(session.created_at),
        roles=user.roles,
        permissions=user.granted,
        name=user.name,
        given_name=user.first_name,
        family_name=user.last_name,
        email=user.email,
    )


def check_lifetime(lifetime: int | None, *, terms: Terms) -> int:
    """Give the lifetime to use, the longest where none is asked for. Raises `InvalidInput("lifetime")`."""
    if lifetime is None:
        return terms.access_token_lifetime
    if not 1 <= lifetime <= terms.access_token_lifetime:
        raise InvalidInput("lifetime", f"must be between 1 and {terms.access_token_lifetime} seconds")
    return lifetime
