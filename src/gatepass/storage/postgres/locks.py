"""Locks: what a commit reads and what must not change until it has taken effect.

PostgreSQL runs commits side by side, and each statement sees what was committed when it began (READ
COMMITTED). An expectation that was only looked at could be untrue a moment later, while the commit is still
under way; and two commits could each miss what the other one adds. So every commit first locks what it leans
on, then looks:

- what is a row, by that row: shared where the commit only leans on it, alone where it changes it or counts
  what belongs to it (a user's sessions, a session's refresh records);
- what is a whole, of which rows that don't exist yet are part (the roles with their carriers, the keyring),
  by an advisory lock.

All take them in one order (docs/adr/0019): roles, keyring, users, sessions, by name within each. So no two
commits wait for each other. What a statement then locks besides (a refresh record, a counter, the feed)
stands behind them.
"""

from __future__ import annotations

from enum import IntEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gatepass.auth import (
    FamiliesCapped,
    FamiliesRevoked,
    KeyAdded,
    KeyMoved,
    KeyRemoved,
    KeyringIs,
    LinkIssued,
    PasswordChanged,
    PasswordRehashed,
    RoleDefined,
    RoleIs,
    SessionEnded,
    SessionIsLive,
    SessionsCapped,
    SessionTouched,
    UserAdded,
    UserChanged,
    UserDeleted,
    UserIsAt,
)
from gatepass.storage.postgres.steps import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gatepass.auth import Change


class Kind(IntEnum):
    """What is locked, in the order in which everybody does."""

    ROLES = 0x67617401  # "gat" and a number: the keys of the advisory locks, too
    KEYRING = 0x67617402
    USER = 0x67617403
    SESSION = 0x67617404


class Lock(NamedTuple):
    """Something that a commit leans on; `alone` where nobody else may meanwhile."""

    kind: Kind
    name: str
    alone: bool


_ADVISORY: Final = {
    False: "SELECT pg_advisory_xact_lock_shared($1)",
    True: "SELECT pg_advisory_xact_lock($1)",
}
# Not FOR UPDATE: what refers to the row (a new session, a new record) need not wait.
_ROWS: Final = {
    (Kind.USER, False): "SELECT 1 FROM users WHERE id = ANY($1) ORDER BY id FOR SHARE",
    (Kind.USER, True): "SELECT 1 FROM users WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
    (Kind.SESSION, False): "SELECT 1 FROM sessions WHERE sid = ANY($1) ORDER BY sid FOR SHARE",
    (Kind.SESSION, True): "SELECT 1 FROM sessions WHERE sid = ANY($1) ORDER BY sid FOR NO KEY UPDATE",
}


def locks(changes: Iterable[Change]) -> list[Step]:
    """Give the statements that lock what the changes lean on, in the one order."""
    wanted: dict[tuple[Kind, str], bool] = {}
    causes: dict[Kind, Change] = {}
    for change in changes:
        for kind, name, alone in LOCKS[type(change)](change) if type(change) in LOCKS else ():
            wanted[kind, name] = alone or wanted.get((kind, name), False)
            causes.setdefault(kind, change)
    in_order = [Lock(kind, name, alone) for (kind, name), alone in sorted(wanted.items())]
    return [
        _step(kind, [lock.name for lock in together], causes[kind], alone=alone)
        for (kind, alone), together in groupby(in_order, key=lambda lock: (lock.kind, lock.alone))
    ]


def _step(kind: Kind, names: list[str], cause: Change, *, alone: bool) -> Step:
    rows = _ROWS.get((kind, alone))
    if rows is None:
        return Step(_ADVISORY[alone], (kind.value,), cause)
    return Step(rows, (names,), cause)


def _user(user_id: str, *, alone: bool) -> Lock:
    return Lock(Kind.USER, user_id, alone)


def _session(sid: str, *, alone: bool) -> Lock:
    return Lock(Kind.SESSION, sid, alone)


_KEYRING: Final = (Lock(Kind.KEYRING, "", True),)
_CARRIERS: Final = Lock(Kind.ROLES, "", False)  # who carries a role, while nobody redefines one

LOCKS: Final[dict[type[Any], Callable[[Any], tuple[Lock, ...]]]] = {
    UserAdded: lambda change: (_CARRIERS,) if change.user.roles else (),
    UserChanged: lambda change: (_CARRIERS, _user(change.user.id, alone=True)),
    UserDeleted: lambda change: (_CARRIERS, _user(change.user_id, alone=True)),
    PasswordChanged: lambda change: (_user(change.user_id, alone=True),),
    PasswordRehashed: lambda change: (_user(change.user_id, alone=True),),
    RoleDefined: lambda _: (Lock(Kind.ROLES, "", True),),
    RoleIs: lambda _: (_CARRIERS,),
    UserIsAt: lambda change: (_user(change.user_id, alone=False),),
    SessionsCapped: lambda change: (_user(change.user_id, alone=True),),
    LinkIssued: lambda change: (_user(change.link.user_id, alone=False),),
    SessionIsLive: lambda change: (_session(change.sid, alone=False),),
    SessionTouched: lambda change: (_session(change.sid, alone=True),),
    SessionEnded: lambda change: (_session(change.sid, alone=True),),
    FamiliesRevoked: lambda change: (_session(change.sid, alone=True),),
    FamiliesCapped: lambda change: (_session(change.sid, alone=True),),
    KeyAdded: lambda _: _KEYRING,
    KeyMoved: lambda _: _KEYRING,
    KeyRemoved: lambda _: _KEYRING,
    KeyringIs: lambda _: _KEYRING,
}
"""Change → what it leans on. `RefreshRotated` locks in its own statement, in the same order."""
