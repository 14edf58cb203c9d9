"""The event log: what happened to whom, by whom, when and why. Written in the commit of the thing itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum

import msgspec


class EventKind(StrEnum):
    """What happened."""

    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    ATTEMPTS_EXCEEDED = "attempts_exceeded"
    """Somebody must wait before they may try again; told once a minute of one address."""
    LOGGED_OUT = "logged_out"
    SESSION_ENDED = "session_ended"
    TOKENS_ISSUED = "tokens_issued"
    TOKENS_REFRESHED = "tokens_refreshed"
    REFRESH_REUSED = "refresh_reused"
    USER_REGISTERED = "user_registered"
    """By themselves; without a password until a one-time link was used."""
    ADDRESS_ASKED = "address_asked"
    """Somebody registered with an address that has an account already; its owner gets a mail."""
    USER_ADDED = "user_added"
    USER_INVITED = "user_invited"
    """Made by an administrator, without a password."""
    USER_IMPORTED = "user_imported"
    """Came from another system, by the command line."""
    INVITE_REPEATED = "invite_repeated"
    RESET_ASKED = "reset_asked"
    """Of whoever has the address, if anybody."""
    PASSWORD_SET = "password_set"  # noqa: S105 (a name)
    """By a one-time link; `reason` says of which purpose."""
    LINK_REFUSED = "link_refused"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    NAMES_CHANGED = "names_changed"
    MAIL_SENT = "mail_sent"
    MAIL_REFUSED = "mail_refused"
    USER_DISABLED = "user_disabled"
    USER_ENABLED = "user_enabled"
    USER_DELETED = "user_deleted"
    GRANTS_CHANGED = "grants_changed"
    """Roles or single permissions of a user."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (a name)
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 (a name)
    """Somebody who is logged in wanted to change something of theirs and did not know it."""
    ALL_SESSIONS_ENDED = "all_sessions_ended"
    ROLE_DEFINED = "role_defined"
    KEY_ADDED = "key_added"
    KEY_MOVED = "key_moved"
    KEY_REMOVED = "key_removed"
    KEY_REVOKED = "key_revoked"
    TOKENS_REVOKED = "tokens_revoked"
    FEED_RENAMED = "feed_renamed"
    """After a backup was restored: everybody reads the revocation feed from the beginning."""


class Event(msgspec.Struct, frozen=True):
    """One thing that happened; tokens, passwords and session ids are never in it."""

    at: float
    kind: EventKind
    user_id: str | None = None
    """Whom it happened to."""
    sid: str | None = None
    actor: str | None = None
    """Who did it: a user's id, `cli`, or None where nobody is known (a failed log-in) or needed (the
    clock)."""
    address: str | None = None
    """Where it came from; None for the command line and the clock."""
    reason: str | None = None
    """A code or a public id: why, or which key or role."""


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted; what is None does not matter."""

    kind: EventKind | None = None
    user_id: str | None = None
    """Whom it happened to, or who did it."""
    since: float | None = None

    def takes(self, event: Event) -> bool:
        """Say whether an event is wanted."""
        return (
            (self.kind is None or event.kind is self.kind)
            and (self.user_id is None or self.user_id in (event.user_id, event.actor))
            and (self.since is None or event.at >= self.since)
        )


class Export(msgspec.Struct, frozen=True):
    """How far the event log has been written to where the operator wants it, and who does so now."""

    place: int
    """Up to here."""
    holder: str | None
    """The one process that writes; None: nobody."""
    until: float
    """When its turn ends, unless it says that it goes on."""


class RecordedEvent(msgspec.Struct, frozen=True):
    """An event with its place in the log."""

    seq: int
    event: Event


def json_line(recorded: RecordedEvent) -> bytes:
    """Write an event as one line of JSON, in ASCII alone: no text in it can end the line or move a cursor."""
    event = recorded.event
    time = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")
    written = {"seq": recorded.seq, "time": time.replace("+00:00", "Z"), **msgspec.structs.asdict(event)}
    return json.dumps(written, separators=(",", ":")).encode("ascii") + b"\n"
