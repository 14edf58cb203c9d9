"""The store in memory: the reference adapter.

Nothing outlives the process; everything else is as in the others.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

from gatepass.auth import By, Conflict, Feed, Place, RecordedEvent, RecordedRevocation, finding
from gatepass.oauth import Selects
from gatepass.storage.growth import Growth
from gatepass.storage.memory.changes import write
from gatepass.storage.memory.purging import anything_over
from gatepass.storage.memory.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatepass.auth import (
        Change,
        Export,
        ImportRun,
        KeyRecord,
        Link,
        Mail,
        Purged,
        RefreshRecord,
        Revocation,
        Search,
        Session,
        User,
    )

_log = logging.getLogger(__name__)


def _places(search: Search, user: User) -> list[str]:
    """Say where a search finds a user: at one place at most."""
    if search.by is By.ROLE:
        return [user.id] if search.text in user.roles else []
    if search.by is By.EMAIL:
        return [user.email] if user.email.startswith(search.text) else []
    places = [place for place, _, _ in finding.name_places(user)]
    return [place for place in places if place.startswith(search.text)][:1]


class MemoryStore:
    """The ports of auth over dictionaries."""

    def __init__(self) -> None:
        self.lookups = 0
        self.commits = 0
        # Nothing outlives the process: another store is another feed.
        self._tables = Tables(log=secrets.token_hex(12))
        self._growth = Growth()

    # Writing

    async def commit(self, *changes: Change) -> None:
        """Write all or nothing. Raises `Conflict`."""
        write(self._tables, changes)
        self.commits += 1
        self._growth.note(changes)

    def commit_later(self, *changes: Change) -> None:
        """Write, without anybody waiting; a conflict is logged."""
        try:
            write(self._tables, changes)
            self.commits += 1
        except Conflict as conflict:
            _log.info("a note was not written: %s", conflict)

    async def close(self) -> None:
        """Nothing to close."""

    # Reading

    async def user_by_id(self, user_id: str) -> User | None:
        """Find a user by id."""
        self.lookups += 1
        return self._tables.users.get(user_id)

    async def user_by_email(self, email: str) -> User | None:
        """Find a user by normalised e-mail address."""
        self.lookups += 1
        return self._tables.user_by_email(email)

    async def credentials_by_email(self, email: str) -> tuple[User, str | None] | None:
        """Find a user and the password hash by normalised e-mail address."""
        self.lookups += 1
        user = self._tables.user_by_email(email)
        return None if user is None else (user, self._tables.passwords[user.id])

    async def users_page(self, after: str | None, limit: int) -> list[User]:
        """List users by e-mail address, from behind `after`."""
        self.lookups += 1
        emails = sorted(email for email in self._tables.emails if after is None or email > after)
        return [self._tables.users[self._tables.emails[email]] for email in emails[:limit]]

    async def find_users(self, search: Search, after: str | None, limit: int) -> list[Place]:
        """List the users that a search finds in its order, from behind a place in it, each once."""
        self.lookups += 1
        found = [
            Place(place, user) for user in self._tables.users.values() for place in _places(search, user)
        ]
        found.sort(key=lambda one: one.place)
        return [one for one in found if after is None or one.place > after][:limit]

    async def taken(self, names: Sequence[str]) -> frozenset[str]:
        """Say which of these normalised e-mail addresses and ids somebody has."""
        self.lookups += 1
        tables = self._tables
        return frozenset(name for name in names if name in tables.emails or name in tables.users)

    async def roles(self) -> Mapping[str, frozenset[str]]:
        """Give every role with its permissions."""
        self.lookups += 1
        return dict(self._tables.roles)

    async def users_with_role(self, role: str) -> list[User]:
        """List all who hold a role."""
        self.lookups += 1
        return sorted((u for u in self._tables.users.values() if role in u.roles), key=lambda user: user.id)

    async def session_by_hash(self, id_hash: bytes) -> tuple[Session, User] | None:
        """Find a session and its user by the hash of its id."""
        self.lookups += 1
        return self._tables.with_user(self._tables.sids.get(id_hash))

    async def session_by_sid(self, sid: str) -> tuple[Session, User] | None:
        """Find a session and its user by its public id."""
        self.lookups += 1
        return self._tables.with_user(sid)

    async def sessions_of(self, user_id: str, now: float, limit: int) -> list[Session]:
        """List a user's live sessions, newest first."""
        self.lookups += 1
        return self._tables.sessions_of(user_id, now)[:limit]

    async def live_sessions(self, now: float, after: str | None, limit: int) -> list[tuple[Session, User]]:
        """List everybody's live sessions by sid, from behind the sid `after`."""
        self.lookups += 1
        live = [found for found in self._tables.live(now) if after is None or found[0].sid > after]
        return sorted(live, key=lambda found: found[0].sid)[:limit]

    async def refresh_by_hash(self, token_hash: bytes) -> tuple[RefreshRecord, Session, User] | None:
        """Find a record, its session and its user by the hash of what is presented."""
        self.lookups += 1
        record = self._tables.refresh.get(token_hash)
        if record is None:
            return None
        return record, self._tables.sessions[record.sid], self._tables.users[record.user_id]

    async def signing_keys(self) -> list[KeyRecord]:
        """List all keys, oldest first."""
        self.lookups += 1
        return sorted(self._tables.keys.values(), key=lambda key: (key.created_at, key.kid))

    async def events_after(self, seq: int, limit: int) -> list[RecordedEvent]:
        """List events from behind a place in the log, in order."""
        self.lookups += 1
        places = sorted(place for place in self._tables.events if place > seq)[:limit]
        return [RecordedEvent(place, self._tables.events[place]) for place in places]

    async def event_export(self) -> Export:
        """Say how far the log was written out, and by whom."""
        return self._tables.export["now"]

    async def revocations_after(self, seq: int, limit: int) -> Feed:
        """Give the entries from behind a place, in order, with where the feed stands."""
        tables = self._tables
        places = sorted(place for place in tables.revocations if place > seq)[:limit]
        entries = [RecordedRevocation(place, tables.revocations[place]) for place in places]
        return Feed(tables.feed_name["log"], tables.feed["floor"], tables.feed["head"], entries)

    async def revocations_grew(self, head: int, within: float) -> bool:
        """Wait until the feed has grown; nobody else can write it."""
        return await self._growth.wait(lambda: self._tables.feed["head"] > head, every=within, within=within)

    async def crowded_revocations(self, more_than: int, newest: int, limit: int) -> list[str]:
        """List users of whom the feed has more than so many single sessions."""
        tables = self._tables
        lately = [entry for seq, entry in tables.revocations.items() if seq > tables.feed["head"] - newest]
        users = sorted({entry.user_id for entry in lately if entry.user_id is not None})
        return [user for user in users if len(tables.single_sessions(user)) > more_than][:limit]

    async def orders_on(self, *, jti: str, client_id: str, kid: str) -> list[Revocation]:
        """List the entries of the feed that name one of the three, or every token."""
        self.lookups += 1
        named = {(Selects.JTI, jti), (Selects.CLIENT_ID, client_id), (Selects.KID, kid), (Selects.ALL, "")}
        entries = self._tables.revocations.items()
        return [entry for _, entry in sorted(entries) if (entry.selects, entry.value) in named]

    async def session_and_orders(
        self, sid: str, *, jti: str, client_id: str, kid: str
    ) -> tuple[tuple[Session, User] | None, list[Revocation]]:
        """Find a session and its user, and the orders on a token of it: one look-up."""
        found = await self.session_by_sid(sid)
        orders = await self.orders_on(jti=jti, client_id=client_id, kid=kid)
        self.lookups -= 1
        return found, orders

    async def attempt(self, key: str) -> float | None:
        """Give the number under a key."""
        self.lookups += 1
        return self._tables.attempts.get(key)

    async def link_by_hash(self, link_hash: bytes) -> tuple[Link, User] | None:
        """Find a link and its user by the hash of its secret."""
        self.lookups += 1
        link = self._tables.link_by_hash(link_hash)
        return None if link is None else (link, self._tables.users[link.user_id])

    async def mails_due(self, now: float, limit: int) -> list[tuple[Mail, User | None]]:
        """List the mails that are to be tried now, with their users."""
        tables = self._tables
        due = [mail for mail in tables.mails.values() if mail.next_at <= now]
        due.sort(key=lambda mail: (mail.next_at, mail.id))
        return [(mail, tables.users.get(mail.user_id or "")) for mail in due[:limit]]

    async def import_run(self, source: str) -> ImportRun | None:
        """Say how far the import of a file is."""
        return self._tables.imports.get(source)

    async def purgeable(self, purged: Purged) -> bool:
        """Say whether `Purged` would find anything."""
        self.lookups += 1
        return anything_over(self._tables, purged)
