"""The access token: what its claims are, and what a Service demands of one (RFC 9068)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from gatepass.jose import Policy
from gatepass.oauth.errors import AccessTokenInvalid, ScopeInvalid
from gatepass.oauth.scope import parse_scope

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCESS_TOKEN_TYP: Final = "at+jwt"  # noqa: S105 (a media type)

REQUIRED_CLAIMS: Final = frozenset(
    # RFC 9068 §2.2 …
    {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"}
    # … and ours: without a session and an epoch a token could not be taken back.
    | {"nbf", "sid", "epoch", "auth_time"}
)

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Seconds = Annotated[int, msgspec.Meta(ge=0)]


class AccessToken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The claims of an access token, as they travel; times are whole seconds since the epoch."""

    iss: _Text
    sub: _Text
    aud: _Text | tuple[_Text, ...]
    client_id: _Text
    exp: _Seconds
    iat: _Seconds
    nbf: _Seconds
    jti: _Text
    sid: _Text
    """Public id of the session that the token was issued for."""
    epoch: _Seconds
    """The user's authorization epoch at the time of issue; a counter."""
    auth_time: _Seconds
    scope: str = ""
    """Scopes with single spaces between them (RFC 6749 §3.3); see `scopes`."""
    roles: frozenset[_Text] = frozenset()
    permissions: frozenset[_Text] = frozenset()
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes as a set."""
        return parse_scope(self.scope)

    def to_claims(self) -> dict[str, object]:
        """Give the claims as JSON values, sets sorted, empty and absent ones left out."""
        claims: dict[str, object] = msgspec.to_builtins(self, order="deterministic")
        return claims

    def to_json(self) -> bytes:
        """Give the same as JSON: what is signed."""
        return _ENCODER.encode(self)

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> AccessToken:
        """Read the claims of a verified token; unknown ones are passed over. Raises `AccessTokenInvalid`."""
        try:
            token = msgspec.convert(claims, cls)
            parse_scope(token.scope)
        except (msgspec.ValidationError, ScopeInvalid) as error:
            raise AccessTokenInvalid(str(error)) from None
        return token


_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def access_token_policy(
    *, issuer: str, audience: str, algorithms: frozenset[str], leeway: int = 30
) -> Policy:
    """Say what a Service accepts as an access token (RFC 9068 §4); `leeway` in seconds, for nbf and iat."""
    return Policy(
        issuer=issuer,
        audience=audience,
        typ=ACCESS_TOKEN_TYP,
        algorithms=algorithms,
        leeway=leeway,
        required=REQUIRED_CLAIMS,
    )
