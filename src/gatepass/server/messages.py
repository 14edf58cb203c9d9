"""The bodies and answers of the JSON API: the OpenAPI document is generated from these.

All times are whole seconds since the epoch. Unknown members of a body are refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from gatepass.auth import EventKind  # noqa: TC001 (msgspec reads the annotations)
from gatepass.oauth import Introspection

# Bounds on a stranger's text, far above any honest one. The domain has its own, finer rules.
Text = Annotated[str, Meta(max_length=1024)]
PassText = Annotated[str, Meta(max_length=16_384)]
Lifetime = Annotated[int, Meta(ge=1, le=31_536_000, description="Seconds; at most what the settings allow.")]
RefreshForm = Literal["standard", "renewal"]
Names = Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(max_length=256)]
Yes = Annotated[bool, Meta(extra_json_schema={"const": True})]
No = Annotated[bool, Meta(extra_json_schema={"const": False})]


UserId = Annotated[str, Meta(max_length=64, description="Whom it happened to, or who did it.")]
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799, description="Seconds since the epoch.")]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends."""


class LoginBody(Body, frozen=True):
    """E-mail address and password, and which pass is wanted."""

    email: Text
    password: Text
    mode: Literal["session", "token"] = "session"
    refresh: RefreshForm | None = None
    """In token mode: how the access token is to be renewed; left out: by a refresh token."""
    lifetime: Lifetime | None = None


class RegisterBody(Body, frozen=True):
    """A new account."""

    email: Text
    password: Text
    first_name: Text
    last_name: Text


class TokensBody(Body, frozen=True):
    """Asks for tokens on top of a session."""

    refresh: RefreshForm = "standard"
    lifetime: Lifetime | None = None


class RefreshBody(Body, frozen=True):
    """Exactly one of the two: a refresh token, or the expired access token itself."""

    refresh_token: PassText | None = None
    expired_token: PassText | None = None


class PasswordBody(Body, frozen=True):
    """The password that holds and the one that is to hold."""

    current_password: Text
    new_password: Text


class ResetBody(Body, frozen=True):
    """Whose password was forgotten."""

    email: Text


class LinkBody(Body, frozen=True):
    """The secret of a one-time link, as it stands behind `link=` in the mail."""

    link: Text


class NewPasswordBody(LinkBody, frozen=True):
    """And the password that is to hold."""

    new_password: Text


class NamesBody(Body, frozen=True):
    """The names that one is to have, with the password that holds."""

    current_password: Text
    first_name: Text
    last_name: Text


class EmailBody(Body, frozen=True):
    """The e-mail address that one wants, with the password that holds."""

    current_password: Text
    email: Text


class InviteBody(Body, frozen=True):
    """A user to be; they choose the password themselves, by a link in a mail."""

    email: Text
    first_name: Text
    last_name: Text
    roles: Names = []
    permissions: Names = []


class ProfileBody(Body, frozen=True):
    """What of a user is to change; what is left out stays."""

    email: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None


class RolesBody(Body, frozen=True):
    """All the roles that a user is to hold."""

    roles: Names


class PermissionsBody(Body, frozen=True):
    """All the permissions that a user is to hold directly, beside those of the roles."""

    permissions: Names


class RevocationBody(Body, frozen=True):
    """Exactly one of the three: one access token, all of a client, or everybody's."""

    jti: Text | None = None
    client_id: Text | None = None
    everything: Yes | None = None


class AdminUsersPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list of users, from behind the last part's `next`; or the one with an e-mail address;
    or, one at a time, those whose address or name begins with a text, or who hold a role."""

    after: Annotated[str, Meta(max_length=4096)] | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    email: Annotated[str, Meta(max_length=254)] | None = None
    email_prefix: Annotated[str, Meta(max_length=254)] | None = None
    name: Annotated[str, Meta(max_length=254)] | None = None
    role: Annotated[str, Meta(max_length=64)] | None = None


class AdminPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a long list."""

    after: Annotated[str, Meta(max_length=64)] | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class EventsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the event log, and what of it."""

    after: Annotated[str, Meta(pattern="^[0-9]{1,15}$")] | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    kind: EventKind | None = None
    user_id: Annotated[str, Meta(max_length=64, description="Whom it happened to, or who did it.")] | None = (
        None
    )
    since: Annotated[int, Meta(ge=0, le=253_402_300_799, description="Seconds since the epoch.")] | None = (
        None
    )


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


class FollowQuery(Struct, frozen=True, kw_only=True):
    """From where to follow the revocation feed."""

    after: Annotated[str, Meta(description="A cursor; anything else gets the full answer.")] = ""


class RevocationsQuery(FollowQuery, frozen=True, kw_only=True):
    """Which page of the revocation feed."""

    wait: Annotated[int, Meta(ge=0, le=30, description="Seconds to wait until the feed has grown.")] = 0


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
