"""What the use cases answer: domain objects, and secrets that do not show themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from gatepass.auth.events import RecordedEvent
    from gatepass.auth.opaque import RefreshToken, SessionId
    from gatepass.auth.refresh import RefreshForm
    from gatepass.auth.sessions import Session
    from gatepass.auth.users import User
    from gatepass.oauth import AccessToken


class LoggedIn(msgspec.Struct, frozen=True):
    """A log-in that succeeded; the only moment at which the session id is known."""

    session_id: SessionId
    session: Session
    user: User


class CheckedSession(msgspec.Struct, frozen=True):
    """A session that holds now, and its user as of now."""

    session: Session
    user: User


class CheckedToken(CheckedSession, frozen=True):
    """An access token that Auth honours, its session, and its user as of now."""

    claims: AccessToken

    @property
    def is_stale(self) -> bool:
        """Whether what the user may do has changed since the token was issued."""
        return self.claims.epoch < self.user.epoch


class EventsPart(msgspec.Struct, frozen=True):
    """A part of the event log: what was wanted of it. It may be short, or empty, though more follows."""

    events: list[RecordedEvent]
    reached: int
    """The place up to which was looked: where to go on from."""
    at_end: bool


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """New tokens.

    A repeated answer within the grace equals the first one, but for `expires_in`, which counts from now.
    """

    access_token: str
    expires_at: int
    """Seconds since the epoch: the token's `exp`."""
    expires_in: int
    """Seconds from now."""
    refresh_token: RefreshToken | None
    """None in the renewal form: the access token itself is presented when it expired."""
    form: RefreshForm
    sid: str

    def __repr__(self) -> str:
        return f"Tokens(sid={self.sid!r}, form={self.form.value!r}, expires_at={self.expires_at!r})"
