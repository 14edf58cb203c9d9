"""What auth needs from the world, as Protocols. One contract suite judges every adapter of `Store`.

Reads are few and coarse: each returns all that a decision needs, and is one look-up. Writes are one atomic
list of changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatepass.auth.changes import Change, Purged
    from gatepass.auth.events import Export, RecordedEvent
    from gatepass.auth.finding import Place, Search
    from gatepass.auth.imports import ImportRun
    from gatepass.auth.links import Link
    from gatepass.auth.mails import Letter, Mail
    from gatepass.auth.refresh import RefreshRecord
    from gatepass.auth.revocations import Feed, Revocation
    from gatepass.auth.sessions import Session
    from gatepass.auth.signing_keys import KeyRecord
    from gatepass.auth.users import User


class Commits(Protocol):
    """The one way to write."""

    async def commit(self, *changes: Change) -> None:
        """Write all or nothing; durable when it returns. Raises `Conflict`, `StorageUnavailable`."""
        ...

    def commit_later(self, *changes: Change) -> None:
        """Write soon, without anybody waiting: a failure is logged by the adapter and lost.

        For notes alone.
        """
        ...


class Users(Protocol):
    """Look-ups of users."""

    async def user_by_id(self, user_id: str) -> User | None:
        """Find a user by id."""
        ...

    async def user_by_email(self, email: str) -> User | None:
        """Find a user by normalised e-mail address."""
        ...

    async def credentials_by_email(self, email: str) -> tuple[User, str | None] | None:
        """Find a user and the password hash (None: none was chosen yet) by normalised e-mail address."""
        ...

    async def users_page(self, after: str | None, limit: int) -> list[User]:
        """List users by e-mail address, from behind `after` (an address)."""
        ...

    async def taken(self, names: Sequence[str]) -> frozenset[str]:
        """Say which of these normalised e-mail addresses and ids somebody has."""
        ...


class Finding(Protocol):
    """Searches for users."""

    async def find_users(self, search: Search, after: str | None, limit: int) -> list[Place]:
        """List the users that a search finds in its order, from behind a place in it, each once."""
        ...


class Roles(Protocol):
    """Look-ups of roles."""

    async def roles(self) -> Mapping[str, frozenset[str]]:
        """Give every role with its permissions."""
        ...

    async def users_with_role(self, role: str) -> list[User]:
        """List all who hold a role."""
        ...


class Sessions(Protocol):
    """Look-ups of sessions."""

    async def session_by_hash(self, id_hash: bytes) -> tuple[Session, User] | None:
        """Find a session, ended ones too, and its user by the hash of its id. The hottest look-up of all."""
        ...

    async def session_by_sid(self, sid: str) -> tuple[Session, User] | None:
        """Find a session, ended ones too, and its user by its public id."""
        ...

    async def sessions_of(self, user_id: str, now: float, limit: int) -> list[Session]:
        """List a user's sessions that nobody ended and that the clock has not, the newest first, `limit` at
        most."""
        ...

    async def live_sessions(self, now: float, after: str | None, limit: int) -> list[tuple[Session, User]]:
        """List everybody's live sessions by sid, from behind the sid `after`."""
        ...


class RefreshRecords(Protocol):
    """Look-ups of refresh records."""

    async def refresh_by_hash(self, token_hash: bytes) -> tuple[RefreshRecord, Session, User] | None:
        """Find a record, its session and its user by the hash of what is presented."""
        ...


class Keys(Protocol):
    """Look-ups of signing keys."""

    async def signing_keys(self) -> list[KeyRecord]:
        """List all keys, oldest first."""
        ...


class Events(Protocol):
    """Look-ups in the event log."""

    async def events_after(self, seq: int, limit: int) -> list[RecordedEvent]:
        """List events from behind a place in the log, in order."""
        ...

    async def event_export(self) -> Export:
        """Say how far the log was written out, and by whom. No look-up of a request."""
        ...


class Revocations(Protocol):
    """Look-ups in the revocation feed."""

    async def revocations_after(self, seq: int, limit: int) -> Feed:
        """Give the entries from behind a place, in order, `limit` at most, with where the feed stands: one
        consistent look."""
        ...

    async def revocations_grew(self, head: int, within: float) -> bool:
        """Wait until the feed has grown beyond `head`, whoever wrote it, `within` seconds at most; say
        whether it has. No look-up of a request."""
        ...

    async def crowded_revocations(self, more_than: int, newest: int, limit: int) -> list[str]:
        """List users of whom the feed has more than so many single sessions, `limit` at most: of those
        alone who have one among the `newest` places."""
        ...


class Orders(Protocol):
    """Look-ups of what was taken back by what stands in tokens."""

    async def orders_on(self, *, jti: str, client_id: str, kid: str) -> list[Revocation]:
        """List the entries of the feed that name one of the three, or every token, in order."""
        ...

    async def session_and_orders(
        self, sid: str, *, jti: str, client_id: str, kid: str
    ) -> tuple[tuple[Session, User] | None, list[Revocation]]:
        """Find what a check of an access token asks, in one look-up: its session with the user, and the
        orders on it."""
        ...


class Attempts(Protocol):
    """Look-ups of attempt counters."""

    async def attempt(self, key: str) -> float | None:
        """Give the number under a key (see `throttle`)."""
        ...


class Links(Protocol):
    """Look-ups of one-time links."""

    async def link_by_hash(self, link_hash: bytes) -> tuple[Link, User] | None:
        """Find a link and its user by the hash of its secret."""
        ...


class Mails(Protocol):
    """Look-ups of mails that wait. No look-ups of a request."""

    async def mails_due(self, now: float, limit: int) -> list[tuple[Mail, User | None]]:
        """List the mails that are to be tried now, with their users, those that are due longest first."""
        ...


class Imports(Protocol):
    """Look-ups of imports. No look-ups of a request."""

    async def import_run(self, source: str) -> ImportRun | None:
        """Say how far the import of a file is; None: it was never begun."""
        ...


class Leftovers(Protocol):
    """Look-ups of what nobody needs any more."""

    async def purgeable(self, purged: Purged) -> bool:
        """Say whether `Purged` would find anything."""
        ...


class Store(
    Commits,
    Users,
    Finding,
    Roles,
    Sessions,
    RefreshRecords,
    Keys,
    Events,
    Revocations,
    Orders,
    Attempts,
    Links,
    Mails,
    Imports,
    Leftovers,
    Protocol,
):
    """Everything that is kept."""

    lookups: int
    """Read statements since the start; each look-up above is one, but for those in the feed and of mails that
    wait: who follows them does so once for everybody, and no request waits for it."""
    commits: int
    """Commits since the start, acknowledged ones."""


class Mailer(Protocol):
    """Sends mails. Nobody waits for it but who works off the queue."""

    async def send(self, letter: Letter) -> None:
        """Hand the mail over. Raises `MailFailed`, `MailRefused`."""
        ...


class Breaches(Protocol):
    """The passwords that others lost in breaches: a list of the operator's, kept off the event loop by the
    adapter."""

    async def has(self, password: str) -> bool:
        """Say whether the password is among them. Raises `StorageUnavailable`."""
        ...


class Passwords(Protocol):
    """Slow password hashing, kept off the event loop by the adapter. See `passwords` for what to compute."""

    async def hash(self, password: str) -> str:
        """Hash a password under the current profile. Raises `PasswordsBusy`."""
        ...

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Check a password; None verifies a dummy hash and answers False: the same work for an unknown
        user. Raises `PasswordsBusy`."""
        ...

    def needs_rehash(self, encoded: str) -> bool:
        """Say whether a hash was made under another profile than the current one."""
        ...
