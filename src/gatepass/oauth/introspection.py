"""What Auth answers when a Service asks about a session or an access token (RFC 7662 §2.2)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from gatepass.oauth.errors import IntrospectionInvalid, ScopeInvalid
from gatepass.oauth.scope import parse_scope

INACTIVE: Final = b'{"active":false}'
"""The whole answer about a pass that does not hold: not a word on why (RFC 7662 §2.2)."""

STALE: Final = b'{"active":false,"stale":true}'
"""The whole answer about an access token whose user changed since: nothing is revoked, it must be renewed."""

_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Seconds = Annotated[int, msgspec.Meta(ge=0)]


class Introspection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pass that holds, and whose it is; times are whole seconds since the epoch.

    The same facts as an `AccessToken`, so that a Service need not care which of the two it was shown.
    """

    iss: _Text
    sub: _Text
    aud: _Text | tuple[_Text, ...]
    exp: _Seconds
    iat: _Seconds
    sid: _Text
    epoch: _Seconds
    auth_time: _Seconds
    client_id: str | None = None
    scope: str = ""
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

    def to_json(self) -> bytes:
        """Give the answer's bytes, `active` first; the answer for everything else is `INACTIVE`."""
        return b'{"active":true,' + _ENCODER.encode(self)[1:]

    @classmethod
    def from_json(cls, data: bytes) -> Introspection | None:
        """Read an answer: None when the pass does not hold. Raises `IntrospectionInvalid`."""
        try:
            if not _ACTIVE.decode(data).active:
                return None
            introspection = _DECODER.decode(data)
            parse_scope(introspection.scope)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ScopeInvalid) as error:
            raise IntrospectionInvalid(str(error)) from None
        return introspection


def says_stale(data: bytes) -> bool:
    """Say whether an answer that is not active means: renew it. Whatever is no such answer means no."""
    try:
        answer = _ACTIVE.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return answer.stale and not answer.active


class _Active(msgspec.Struct):
    active: bool
    stale: bool = False


_ACTIVE: Final = msgspec.json.Decoder(_Active)
_DECODER: Final = msgspec.json.Decoder(Introspection)
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
