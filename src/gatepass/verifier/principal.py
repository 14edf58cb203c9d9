"""Who sends the request: the same value in token mode and in session mode."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 (frameworks read the types at run time)
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import msgspec

if TYPE_CHECKING:
    from gatepass.oauth import AccessToken, Introspection

Mode: TypeAlias = Literal["token", "session"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Principal:
    """A user whose pass was checked, and what the pass allows.

    One Principal is handed to every request that shows the same pass, so nothing in it can be changed.
    """

    subject: str
    """The user's id, and never another's: the one thing to store beside data."""
    session: str
    """Public id of the session (`sid`); not a secret."""
    epoch: int
    auth_time: int
    """When the user last proved who they are; seconds since the epoch."""
    expires_at: int
    """From this second on the pass does not hold; seconds since the epoch."""
    mode: Mode
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()
    """All that the user may do: held directly or through a role."""
    scopes: frozenset[str] = frozenset()
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    kid: str | None = None
    """Which key signed the token; None in session mode."""
    claims: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), compare=False)
    """Everything that was said of the pass, read-only all the way down."""

    def __repr__(self) -> str:
        # A Principal ends up in logs and tracebacks: no name, no e-mail there.
        return f"<Principal {self.subject} session={self.session} mode={self.mode}>"

    @classmethod
    def of_token(cls, token: AccessToken, claims: Mapping[str, object], *, kid: str | None) -> Principal:
        """Make the Principal of a verified access token."""
        return cls._of(token, mode="token", kid=kid, claims=claims)

    @classmethod
    def of_session(cls, introspection: Introspection) -> Principal:
        """Make the Principal of a session that Auth says holds."""
        claims = msgspec.to_builtins(introspection, order="deterministic")
        return cls._of(introspection, mode="session", kid=None, claims=claims)

    @classmethod
    def _of(
        cls,
        facts: AccessToken | Introspection,
        *,
        mode: Mode,
        kid: str | None,
        claims: Mapping[str, object],
    ) -> Principal:
        return cls(
            subject=facts.sub,
            session=facts.sid,
            epoch=facts.epoch,
            auth_time=facts.auth_time,
            expires_at=facts.exp,
            mode=mode,
            kid=kid,
            roles=facts.roles,
            permissions=facts.permissions,
            scopes=facts.scopes,
            name=facts.name,
            given_name=facts.given_name,
            family_name=facts.family_name,
            email=facts.email,
            claims=MappingProxyType({name: _frozen(value) for name, value in claims.items()}),
        )


def _frozen(value: object) -> object:
    """Make a JSON value unchangeable; claims are at most a few levels deep, the parser saw to that."""
    kind = type(value)
    if kind is list or kind is tuple:
        return tuple([_frozen(item) for item in cast("list[object]", value)])
    if kind is dict:
        items = cast("dict[str, object]", value).items()
        return MappingProxyType({name: _frozen(item) for name, item in items})
    return value
