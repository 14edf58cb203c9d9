"""Changes: everything that can be written, as frozen values. A commit is a list of them, all or none.

Some carry an expectation, some are nothing but one (guards). Where an expectation no longer holds, nothing
of the commit is written and `Conflict` names the change. One that says nothing about it expects nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import msgspec

from gatepass.auth.errors import AuthError

if TYPE_CHECKING:
    from gatepass.auth.events import Event, Export
    from gatepass.auth.imports import ImportRun
    from gatepass.auth.links import Link
    from gatepass.auth.mails import Mail
    from gatepass.auth.refresh import RefreshRecord
    from gatepass.auth.revocations import Revocation
    from gatepass.auth.sessions import EndReason, Session
    from gatepass.auth.signing_keys import KeyRecord, KeyState
    from gatepass.auth.throttle import Limit
    from gatepass.auth.users import User


class UserAdded(msgspec.Struct, frozen=True):
    """A new user. Expects: id and e-mail address are free."""

    user: User
    password_hash: str | None
    """None until they choose a password."""

    def __repr__(self) -> str:
        return f"UserAdded({self.user.id!r})"


class UserChanged(msgspec.Struct, frozen=True):
    """A user as a whole, without the password.

    Expects: the user's epoch is `expected_epoch`; the e-mail address is free.
    """

    user: User
    expected_epoch: int


class PasswordRehashed(msgspec.Struct, frozen=True):
    """The same password under another profile. Does nothing when the hash is no longer `before`."""

    user_id: str
    before: str
    after: str

    def __repr__(self) -> str:
        return f"PasswordRehashed({self.user_id!r})"


class PasswordChanged(msgspec.Struct, frozen=True):
    """Another password. Expects: there is such a user."""

    user_id: str
    password_hash: str

    def __repr__(self) -> str:
        return f"PasswordChanged({self.user_id!r})"


class UserDeleted(msgspec.Struct, frozen=True):
    """A user goes, with everything that is theirs: password, roles held, sessions, refresh records, links,
    mails.

    The event log stays, which knows ids alone. Expects: the user's epoch is `expected_epoch`.
    """

    user_id: str
    expected_epoch: int


class RoleDefined(msgspec.Struct, frozen=True):
    """A role, new or changed.

    Expects: its permissions are still `expected` (None: no such role) and `carriers` users hold it.
    """

    name: str
    permissions: frozenset[str]
    expected: frozenset[str] | None
    carriers: int


class SessionStarted(msgspec.Struct, frozen=True):
    """A new session."""

    session: Session


class SessionTouched(msgspec.Struct, frozen=True):
    """A session was used.

    Does nothing when it ended, or when `before` is no longer the last note of its use.
    """

    sid: str
    before: float
    at: float
    idle_ends_at: float


class SessionEnded(msgspec.Struct, frozen=True):
    """A session ended. Expects: it is not ended yet."""

    sid: str
    at: float
    reason: EndReason


class SessionsCapped(msgspec.Struct, frozen=True):
    """A user's oldest live sessions beyond the newest `keep` end, at most `limit` of them.

    Expects nothing, so that log-ins at once don't take each other's breath: who is one too many is decided
    where it is written. Each that ends takes its refresh records along, is in the revocation feed, and leaves
    `event`, with its `sid`.
    """

    user_id: str
    keep: int
    limit: int
    at: float
    reason: EndReason
    event: Event


class RefreshAdded(msgspec.Struct, frozen=True):
    """A new refresh record."""

    record: RefreshRecord


class RefreshRotated(msgspec.Struct, frozen=True):
    """A record gave way to its successor.

    Expects: it is still active, nobody ended its session, and the user's epoch is still the successor's. One
    change and not four, because it is the hottest of all writes: an adapter can do it in one statement.
    """

    hash: bytes
    at: float
    answer: bytes
    successor: RefreshRecord


class FamiliesRevoked(msgspec.Struct, frozen=True):
    """All refresh records of a session are revoked and their answers wiped."""

    sid: str


class FamiliesCapped(msgspec.Struct, frozen=True):
    """A session's families beyond the `keep` that were issued or renewed last are revoked, `limit` at most.

    Expects nothing, as `SessionsCapped`. A family counts while one of its records is active and not idle.
    Nobody can use its records again, so their idle end is `at`: the next purge takes them.
    """

    sid: str
    keep: int
    limit: int
    at: float


class KeyAdded(msgspec.Struct, frozen=True):
    """A new signing key. Expects: its kid is free."""

    record: KeyRecord


class KeyMoved(msgspec.Struct, frozen=True):
    """A key in its new state. Expects: its state is still `expected`."""

    expected: KeyState
    record: KeyRecord


class KeyRemoved(msgspec.Struct, frozen=True):
    """A key is forgotten. Expects: its state is still `expected`."""

    kid: str
    expected: KeyState


class AttemptCharged(msgspec.Struct, frozen=True):
    """One attempt under a key. Expects: the limit allows it (`throttle.charged`)."""

    key: str
    limit: Limit
    now: float


class AttemptRefunded(msgspec.Struct, frozen=True):
    """One attempt is taken back. Does nothing when nothing is charged."""

    key: str
    limit: Limit


class EventRecorded(msgspec.Struct, frozen=True):
    """A line of the event log."""

    event: Event


class ExportMoved(msgspec.Struct, frozen=True):
    """The event log was written out further, or somebody else does so now. Expects: all is as `expected`."""

    expected: Export
    after: Export


class ImportMoved(msgspec.Struct, frozen=True):
    """The import of a file is further. Expects: it is as `expected` (None: it was never begun)."""

    expected: ImportRun | None
    after: ImportRun


class Revoked(msgspec.Struct, frozen=True):
    """An entry of the revocation feed. Expects nothing.

    Whoever reads the feed up to a place has seen every entry up to it, for ever: the place is counted up
    under a lock that is held until the commit has taken effect, so no entry ever appears behind a place that
    somebody has read already.
    """

    revocation: Revocation


class RevocationsCompacted(msgspec.Struct, frozen=True):
    """The entries of a user's single sessions go: an entry for all of them took their place in this commit.

    Only those up to the place `until`. Expects nothing.
    """

    user_id: str
    until: int


class FeedRenamed(msgspec.Struct, frozen=True):
    """The revocation feed has another name: who follows it reads it from the beginning. Expects nothing."""

    log: str


class LinkIssued(msgspec.Struct, frozen=True):
    """A one-time link, in the place of an older one of its user and purpose. Expects: there is such a
    user."""

    link: Link


class LinkUsed(msgspec.Struct, frozen=True):
    """A one-time link is used up. Expects: it is there; so of several at once one is served."""

    hash: bytes


class MailQueued(msgspec.Struct, frozen=True):
    """A mail waits to be sent."""

    mail: Mail


class MailTaken(msgspec.Struct, frozen=True):
    """A mail is being tried, and tried again at `next_at` if nobody takes it out of the queue until then.

    Expects: it is due since `before` still; so one process tries it.
    """

    id: str
    before: float
    next_at: float


class MailDropped(msgspec.Struct, frozen=True):
    """A mail is out of the queue: sent, or no longer wanted. Expects nothing."""

    id: str


class Purged(msgspec.Struct, frozen=True):
    """What nobody needs any more goes: at most `limit` rows of each kind.

    Wiped: answers whose record rotated until `answers_before`. Deleted: refresh records with an idle end
    until `now`, sessions with an idle end until `sessions_before`, attempt counters that are empty at `now`,
    links and mails that ended until `now`, entries of the revocation feed that may be forgotten at `now`, and
    from the beginning of the event log the events until `events_before`, but never the newest: the next one
    is numbered behind it.
    """

    now: float
    answers_before: float
    sessions_before: float
    events_before: float
    limit: int


class SessionIsLive(msgspec.Struct, frozen=True):
    """Guard. Expects: nobody ended the session."""

    sid: str


class UserIsAt(msgspec.Struct, frozen=True):
    """Guard. Expects: the user's epoch is still this."""

    user_id: str
    epoch: int


class RoleIs(msgspec.Struct, frozen=True):
    """Guard. Expects: the role carries exactly these permissions."""

    name: str
    permissions: frozenset[str]


class KeyringIs(msgspec.Struct, frozen=True):
    """Guard. Expects: these keys in these states, and no others."""

    states: frozenset[tuple[str, str]]


Change: TypeAlias = (
    UserAdded
    | UserChanged
    | PasswordRehashed
    | PasswordChanged
    | UserDeleted
    | RoleDefined
    | SessionStarted
    | SessionTouched
    | SessionEnded
    | SessionsCapped
    | RefreshAdded
    | RefreshRotated
    | FamiliesRevoked
    | FamiliesCapped
    | KeyAdded
    | KeyMoved
    | KeyRemoved
    | AttemptCharged
    | AttemptRefunded
    | EventRecorded
    | ExportMoved
    | ImportMoved
    | Revoked
    | RevocationsCompacted
    | FeedRenamed
    | LinkIssued
    | LinkUsed
    | MailQueued
    | MailTaken
    | MailDropped
    | Purged
    | SessionIsLive
    | UserIsAt
    | RoleIs
    | KeyringIs
)


class Conflict(AuthError):
    """An expectation of a commit no longer holds; nothing was written. `change` is the one that failed."""

    code = "conflict"

    def __init__(self, change: Change) -> None:
        super().__init__(f"{type(change).__name__} no longer holds")
        self.change = change
