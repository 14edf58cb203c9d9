"""What clients send to the JSON API, in a body or in a query; the OpenAPI document is generated from it.

All times are whole seconds since the epoch. Unknown members of a body are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gatepass.auth import EventKind  # noqa: TC001 (msgspec reads the annotations)
from gatepass.server.messages import Yes  # noqa: TC001 (msgspec reads the annotations)

# Bounds on a stranger's text, far above any honest one. The domain has its own, finer rules.
Text = Annotated[str, Meta(max_length=1024)]
PassText = Annotated[str, Meta(max_length=16_384)]
Lifetime = Annotated[int, Meta(ge=1, le=31_536_000, description="Seconds; at most what the settings allow.")]
RefreshForm = Literal["standard", "renewal"]
Names = Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(max_length=256)]
UserId = Annotated[str, Meta(max_length=64, description="Whom it happened to, or who did it.")]
Limit = Annotated[int, Meta(ge=1, le=500)]
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
    limit: Limit = 100
    email: Annotated[str, Meta(max_length=254)] | None = None
    email_prefix: Annotated[str, Meta(max_length=254)] | None = None
    name: Annotated[str, Meta(max_length=254)] | None = None
    role: Annotated[str, Meta(max_length=64)] | None = None


class AdminPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a long list."""

    after: Annotated[str, Meta(max_length=64)] | None = None
    limit: Limit = 100


class EventsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the event log, and what of it."""

    after: Annotated[str, Meta(pattern="^[0-9]{1,15}$")] | None = None
    limit: Limit = 100
    kind: EventKind | None = None
    user_id: UserId | None = None
    since: Moment | None = None


class FollowQuery(Struct, frozen=True, kw_only=True):
    """From where to follow the revocation feed."""

    after: Annotated[str, Meta(description="A cursor; anything else gets the full answer.")] = ""


class RevocationsQuery(FollowQuery, frozen=True, kw_only=True):
    """Which page of the revocation feed."""

    wait: Annotated[int, Meta(ge=0, le=30, description="Seconds to wait until the feed has grown.")] = 0
