"""Values to keep: one of each kind, to be varied."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from gatepass.auth import (
    KeyAdded,
    KeyRecord,
    KeyState,
    Link,
    LinkIssued,
    Mail,
    MailKind,
    MailQueued,
    Purpose,
    RefreshAdded,
    RefreshForm,
    RefreshRecord,
    RefreshState,
    RoleDefined,
    Session,
    SessionStarted,
    User,
    UserAdded,
    UserStatus,
)

if TYPE_CHECKING:
    from gatepass.auth import Store

NOW = 1_800_000_000.25  # not a whole second: nothing may round it
DAY = 86_400.0


def digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def user(name: str = "ada", **fields: Any) -> User:
    sample = User(
        id=f"user-{name}",
        email=f"{name}@example.org",
        first_name=name.capitalize(),
        last_name="Ľovelace",
        status=UserStatus.ACTIVE,
        roles=frozenset(),
        permissions=frozenset({"reports:read"}),
        granted=frozenset({"reports:read", "appointments:read"}),
        epoch=3,
        revoked_below=1,
        created_at=NOW,
    )
    return msgspec.structs.replace(sample, **fields)


def session(name: str = "one", **fields: Any) -> Session:
    sample = Session(
        id_hash=digest(name),
        sid=f"sid-{name}",
        user_id="user-ada",
        epoch=3,
        created_at=NOW,
        last_seen_at=NOW,
        idle_ends_at=NOW + DAY,
        ends_at=NOW + 10 * DAY,
        ended_at=None,
        end_reason=None,
        device="Firefox on Linux",
        address="192.0.2.7",
    )
    return msgspec.structs.replace(sample, **fields)


def record(name: str = "token", **fields: Any) -> RefreshRecord:
    sample = RefreshRecord(
        hash=digest(name),
        family="family-one",
        form=RefreshForm.STANDARD,
        state=RefreshState.ACTIVE,
        sid="sid-one",
        user_id="user-ada",
        epoch=3,
        access_token_hash=digest("access " + name),
        issued_at=NOW,
        idle_ends_at=NOW + DAY,
        absolute_ends_at=NOW + 10 * DAY,
        lifetime=600,
    )
    return msgspec.structs.replace(sample, **fields)


def key(kid: str = "k1", **fields: Any) -> KeyRecord:
    sample = KeyRecord(
        kid=kid,
        alg="ES256",
        state=KeyState.ACTIVE,
        public_jwk=b'{"kty":"EC"}',
        sealed_private=b"\x00sealed\xff",
        created_at=NOW,
        activates_at=NOW + 1,
    )
    return msgspec.structs.replace(sample, **fields)


def link(name: str = "link", **fields: Any) -> Link:
    sample = Link(digest(name), "user-ada", Purpose.RESET, "ada@example.org", 3, NOW + 600)
    return msgspec.structs.replace(sample, **fields)


def mail(name: str = "one", **fields: Any) -> Mail:
    sample = Mail(
        id=f"mail-{name}",
        kind=MailKind.RESET,
        user_id="user-ada",
        email="ada@example.org",
        epoch=3,
        next_at=NOW,
        tries=0,
        ends_at=NOW + 600,
    )
    return msgspec.structs.replace(sample, **fields)


async def fill(store: Store) -> None:
    """A user with a role, a session, a refresh record, a link, a mail that waits, and a key."""
    await store.commit(
        RoleDefined("doctor", frozenset({"appointments:read"}), None, 0),
        UserAdded(user(roles=frozenset({"doctor"})), "$argon2id$ada"),
        SessionStarted(session()),
        RefreshAdded(record()),
        KeyAdded(key()),
        LinkIssued(link()),
        MailQueued(mail()),
    )
