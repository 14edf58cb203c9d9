"""What clients send to the JSON API, in a body or in a query; the OpenAPI document is generated from it.

All times are whole seconds since the epoch. Unknown members of a body are refused.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from gatepass.auth import MAX_EMAIL, MAX_NAME, MIN_PASSWORD, EventKind, passwords
from gatepass.server.messages import Yes  # noqa: TC001 (msgspec reads the annotations)

# Bounds on a stranger's text, far above any honest one. The domain has its own, finer rules.
Text = Annotated[str, Meta(max_length=1024)]
PassText = Annotated[str, Meta(max_length=16_384)]
# JSON has no integers: 600.0 is one too (JSON Schema 2020-12, Validation §6.1.1).
Lifetime = Annotated[float, Meta(ge=1, le=31_536_000, multiple_of=1)]
RefreshForm = Literal["standard", "renewal"]
UserId = Annotated[str, Meta(max_length=64, description="Whom it happened to, or who did it.")]
Limit = Annotated[int, Meta(ge=1, le=500)]
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799, description="Seconds since the epoch.")]


def _text(**rules: Any) -> Meta:
    """Write the domain's rules for the reader of the document. The domain holds them, and says in words what
    is wrong; held here, they would make a mere `invalid_body` of it."""
    return Meta(extra_json_schema=rules)


Email = Annotated[str, _text(maxLength=MAX_EMAIL, format="idn-email")]
# A letter of any script has no pattern that both ECMAScript and Python read: hence a format, and words.
_NAME = "At least one letter; no control characters, no '<' and no '>'."
PersonName = Annotated[str, _text(minLength=1, maxLength=MAX_NAME, format="person-name", description=_NAME)]
_STRONG = "Not among those that are tried first, and not made of the names, the address and the site."
NewPassword = Annotated[
    str, _text(minLength=MIN_PASSWORD, maxLength=passwords.MAX_LENGTH, format="password", description=_STRONG)
]
Printable = Annotated[str, _text(minLength=1, maxLength=256, pattern="^[ -~]*$")]
RoleName = Annotated[str, Meta(max_length=256, extra_json_schema={"pattern": "^[a-z0-9][a-z0-9_.-]{0,63}$"})]
Permission = Annotated[
    str,
    Meta(
        max_length=256,
        extra_json_schema={"pattern": "^[a-z0-9][a-z0-9_.-]{0,63}(:[a-z0-9*][a-z0-9_.*-]{0,63}){0,3}$"},
    ),
]
RoleNames = Annotated[list[RoleName], Meta(max_length=256)]
Permissions = Annotated[list[Permission], Meta(max_length=256)]


def _exactly_one(*names: str) -> dict[str, Any]:
    return {"oneOf": [{"required": [one], "properties": {one: {"not": {"type": "null"}}}} for one in names]}


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends."""

    TOGETHER: ClassVar[dict[str, Any]] = {}
    """What of it goes with what, as JSON Schema: for the document alone."""


class Lasting(Body, frozen=True, kw_only=True):
    """How long an access token is to last; left out, as long as the settings allow."""

    lifetime: Lifetime | None = None

    @property
    def seconds(self) -> int | None:
        """The lifetime as a whole number."""
        return None if self.lifetime is None else int(self.lifetime)


class LoginBody(Lasting, frozen=True, kw_only=True):
    """E-mail address and password, and which pass is wanted."""

    email: Text
    password: Text
    mode: Literal["session", "token"] = "session"
    refresh: RefreshForm | None = None
    """In token mode: how the access token is to be renewed; left out: by a refresh token."""

    TOGETHER: ClassVar = {
        "anyOf": [
            {"required": ["mode"], "properties": {"mode": {"const": "token"}}},
            {"properties": {"refresh": {"type": "null"}, "lifetime": {"type": "null"}}},
        ]
    }


class RegisterBody(Body, frozen=True):
    """A new account; its owner chooses the password by a link in a mail."""

    email: Email
    first_name: PersonName
    last_name: PersonName


class TokensBody(Lasting, frozen=True, kw_only=True):
    """Asks for tokens on top of a session."""

    refresh: RefreshForm = "standard"


class RefreshBody(Body, frozen=True):
    """Exactly one of the two: a refresh token, or the expired access token itself."""

    refresh_token: PassText | None = None
    expired_token: PassText | None = None

    TOGETHER: ClassVar = _exactly_one("refresh_token", "expired_token")


class PasswordBody(Body, frozen=True):
    """The password that holds and the one that is to hold."""

    current_password: Text
    new_password: NewPassword


class ResetBody(Body, frozen=True):
    """Whose password was forgotten."""

    email: Text


class LinkBody(Body, frozen=True):
    """The secret of a one-time link, as it stands behind `link=` in the mail."""

    link: Text


class NewPasswordBody(LinkBody, frozen=True):
    """And the password that is to hold."""

    new_password: NewPassword


class NamesBody(Body, frozen=True):
    """The names that one is to have, with the password that holds."""

    current_password: Text
    first_name: PersonName
    last_name: PersonName


class EmailBody(Body, frozen=True):
    """The e-mail address that one wants, with the password that holds."""

    current_password: Text
    email: Email


class InviteBody(Body, frozen=True):
    """A user to be; they choose the password themselves, by a link in a mail."""

    email: Email
    first_name: PersonName
    last_name: PersonName
    roles: RoleNames = []
    permissions: Permissions = []


class ProfileBody(Body, frozen=True):
    """What of a user is to change; what is left out stays."""

    email: Email | None = None
    first_name: PersonName | None = None
    last_name: PersonName | None = None


class RolesBody(Body, frozen=True):
    """All the roles that a user is to hold."""

    roles: RoleNames


class PermissionsBody(Body, frozen=True):
    """All the permissions that a user is to hold directly, beside those of the roles."""

    permissions: Permissions


class RevocationBody(Body, frozen=True):
    """Exactly one of the three: one access token, all of a client, or everybody's."""

    jti: Printable | None = None
    client_id: Printable | None = None
    everything: Yes | None = None

    TOGETHER: ClassVar = _exactly_one("jti", "client_id", "everything")


class AdminUsersPage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list of users, from behind the last part's `next`; or the one with an e-mail address;
    or, one at a time, those whose address or name begins with a text, or who hold a role."""

    after: Annotated[str, Meta(max_length=4096)] | None = None
    limit: Limit = 100
    email: Annotated[str, Meta(max_length=MAX_EMAIL, extra_json_schema={"format": "idn-email"})] | None = None
    email_prefix: Annotated[str, Meta(max_length=254)] | None = None
    name: Annotated[str, Meta(max_length=254)] | None = None
    role: Annotated[str, Meta(max_length=64)] | None = None

    ONE_AT_MOST: ClassVar = ("email", "email_prefix", "name", "role")


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
