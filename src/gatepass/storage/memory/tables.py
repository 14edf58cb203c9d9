"""What is kept in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from gatepass.auth import (
    Event,
    Export,
    ImportRun,
    KeyRecord,
    Link,
    Mail,
    Purpose,
    RefreshRecord,
    Revocation,
    Session,
    User,
    sessions,
)
from gatepass.oauth import Selects

if TYPE_CHECKING:
    from collections.abc import Callable

_K = TypeVar("_K")
_V = TypeVar("_V")


class Tables:
    """Everything that is kept, in dictionaries; what was written can be undone step by step."""

    def __init__(self, *, log: str) -> None:
        self.users: dict[str, User] = {}
        self.emails: dict[str, str] = {}
        self.passwords: dict[str, str | None] = {}
        self.roles: dict[str, frozenset[str]] = {}
        self.sessions: dict[str, Session] = {}
        self.sids: dict[bytes, str] = {}
        self.refresh: dict[bytes, RefreshRecord] = {}
        self.keys: dict[str, KeyRecord] = {}
        self.links: dict[tuple[str, Purpose], Link] = {}
        self.mails: dict[str, Mail] = {}
        self.attempts: dict[str, float] = {}
        self.events: dict[int, Event] = {}
        self.revocations: dict[int, Revocation] = {}
        self.feed = {"floor": 0, "head": 0}
        self.feed_name = {"log": log}
        self.export = {"now": Export(0, None, 0.0)}
        self.imports: dict[str, ImportRun] = {}
        self._undo: list[Callable[[], object]] = []

    def begin(self) -> None:
        """Note from here on how to undo it."""
        self._undo = []

    def undo(self) -> None:
        """Take back all that was written since it began."""
        for step in reversed(self._undo):
            step()

    def put(self, table: dict[_K, _V], key: _K, value: _V) -> None:
        """Keep a value, until it is undone."""
        if key in table:
            before = table[key]
            self._undo.append(lambda: table.__setitem__(key, before))
        else:
            self._undo.append(lambda: table.pop(key))
        table[key] = value

    def drop(self, table: dict[_K, _V], key: _K) -> None:
        """Keep it no longer, until that is undone."""
        before = table.pop(key)
        self._undo.append(lambda: table.__setitem__(key, before))

    def drop_session(self, sid: str) -> None:
        """Keep a session and its refresh records no longer."""
        for token_hash in [h for h, record in self.refresh.items() if record.sid == sid]:
            self.drop(self.refresh, token_hash)
        self.drop(self.sids, self.sessions[sid].id_hash)
        self.drop(self.sessions, sid)

    def user_by_email(self, email: str) -> User | None:
        """Find a user by normalised e-mail address."""
        user_id = self.emails.get(email)
        return None if user_id is None else self.users[user_id]

    def with_user(self, sid: str | None) -> tuple[Session, User] | None:
        """Give a session with its user."""
        session = None if sid is None else self.sessions.get(sid)
        return None if session is None else (session, self.users[session.user_id])

    def live(self, now: float) -> list[tuple[Session, User]]:
        """Give the sessions that hold, with their users."""
        found = [(session, self.users[session.user_id]) for session in self.sessions.values()]
        return [(s, user) for s, user in found if sessions.refusal(s, user, now=now) is None]

    def sessions_of(self, user_id: str, now: float) -> list[Session]:
        """Give a user's live sessions, newest first."""
        live = [session for session, user in self.live(now) if user.id == user_id]
        return sorted(live, key=lambda session: (-session.created_at, session.sid))

    def single_sessions(self, user_id: str | None) -> list[int]:
        """Name the places of a user's single sessions in the feed."""
        entries = self.revocations.items()
        return [seq for seq, e in entries if e.selects is Selects.SID and e.user_id == user_id]

    def link_by_hash(self, link_hash: bytes) -> Link | None:
        """Find a link by the hash of its secret."""
        return next((link for link in self.links.values() if link.hash == link_hash), None)
