"""What the JSON API answers: the OpenAPI document is generated from it.

All times are whole seconds since the epoch.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gatepass.auth import EventKind  # noqa: TC001 (msgspec reads the annotations)
from gatepass.oauth import Introspection

Yes = Annotated[bool, Meta(extra_json_schema={"const": True})]
No = Annotated[bool, Meta(extra_json_schema={"const": False})]


class EventItem(Struct, frozen=True, kw_only=True):
    """One line of the event log; `actor` is a user's id, `cli`, or null where nobody is known or needed."""

    seq: int
    at: float
    kind: EventKind
    user_id: str | None
    sid: str | None
    actor: str | None
    address: str | None
    reason: str | None


class Events(Struct, frozen=True, kw_only=True):
    """A part of the event log in its order; `next` is the `after` of the following part, null at the end.

    A part may be short, or empty, though more follows. To follow the log, ask again behind the last `seq`.
    """

    events: list[EventItem]
    next: str | None


class SessionStarted(Struct, frozen=True, kw_only=True):
    """A session: its id is the pass, `sid` its public name."""

    session_id: str
    sid: str
    expires_at: int


class Tokens(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An access token (RFC 6749 §5.1), and in the standard form the refresh token that renews it."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    sid: str
    refresh_token: str | None = None


class Account(Struct, frozen=True, kw_only=True):
    """A user; `permissions` are all that hold, the roles' among them."""

    id: str
    email: str
    first_name: str
    last_name: str
    roles: list[str]
    permissions: list[str]


class Me(Struct, frozen=True, kw_only=True):
    """Who the pass belongs to."""

    user: Account
    sid: str
    auth_time: int


class SessionItem(Struct, frozen=True, kw_only=True):
    """One log-in."""

    sid: str
    device: str
    address: str
    created_at: int
    last_seen_at: int
    expires_at: int
    current: bool


class Sessions(Struct, frozen=True, kw_only=True):
    """A user's live log-ins, the latest first."""

    sessions: list[SessionItem]


class AdminSessionItem(Struct, frozen=True, kw_only=True):
    """One log-in, and whose it is."""

    session: SessionItem
    user: Account


class AdminSessions(Struct, frozen=True, kw_only=True):
    """A part of all live log-ins; `next` is the `after` of the following part, null at the end."""

    sessions: list[AdminSessionItem]
    next: str | None


class AdminUser(Struct, frozen=True, kw_only=True):
    """A user as an administrator sees them; `held` are the permissions that no role brings."""

    account: Account
    status: Literal["active", "invited", "disabled"]
    held: list[str]
    created_at: int


class AdminUsers(Struct, frozen=True, kw_only=True):
    """A part of the users; `next` is the `after` of the following part, null at the end."""

    users: list[AdminUser]
    next: str | None


class TokensRevoked(Struct, frozen=True, kw_only=True):
    """An order as it stands in the revocation feed; `below` bounds `iat`, 0 where any is meant."""

    selects: str
    value: str
    below: int
    kept_until: int


class Ended(Struct, frozen=True, kw_only=True):
    """How many sessions were ended."""

    ended: int


class Counts(Struct, frozen=True, kw_only=True):
    """How many requests and database look-ups there were since the start."""

    requests: int
    lookups: int
    by_route: dict[str, int]


class Health(Struct, frozen=True, kw_only=True):
    """Alive, or ready."""

    status: Literal["ok"]


class ActiveSession(Introspection, frozen=True, kw_only=True):
    """A session id that holds, and whose it is (RFC 7662 §2.2)."""

    active: Yes


class InactiveSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything else, without a word on why (RFC 7662 §2.2)."""

    active: No


class ActiveToken(Introspection, frozen=True, kw_only=True):
    """An access token that holds, and whose it is (RFC 7662 §2.2)."""

    active: Yes


class InactiveToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everything else; with `stale`, nothing is revoked: renew it."""

    active: No
    stale: Yes | UnsetType = UNSET


class PublicKeys(Struct, frozen=True, kw_only=True):
    """A JWK Set (RFC 7517 §5)."""

    keys: list[dict[str, Any]]


class ApiDescription(Struct, frozen=True, kw_only=True):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
