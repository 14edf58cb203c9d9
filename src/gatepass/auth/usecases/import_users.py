"""Import users from another system, a batch of lines at a time: judge it, then write it in one commit.

The commit moves the import on, too: a process that dies at any moment has written a batch and where it ends,
or neither. For the command line, which may make administrators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import Conflict, EventRecorded, ImportMoved, RoleIs, UserAdded
from gatepass.auth.errors import Contended, InvalidInput, RoleUnknown
from gatepass.auth.events import Event, EventKind
from gatepass.auth.imports import ImportedUser, Judged, Refusal, read_line
from gatepass.auth.permissions import effective

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatepass.auth.auth import Auth
    from gatepass.auth.imports import ImportRun, Line


async def find_import(auth: Auth, *, source: str) -> ImportRun | None:
    """Say how far the import of a file is; None: it was never begun."""
    return await auth.store.import_run(source)


async def judge_users(auth: Auth, lines: Sequence[Line], *, seen: set[str], now: float) -> Judged:
    """Check lines as registrations are checked; `seen`, the addresses and ids of earlier lines, grows."""
    users: list[ImportedUser] = []
    refusals: list[Refusal] = []
    roles = await auth.store.roles()
    for line in lines:
        try:
            found = _granted(read_line(line, entropy=auth.entropy, now=now), roles)
        except InvalidInput as error:
            refusals.append(Refusal(line.number, str(error)))
        except RoleUnknown as error:
            refusals.append(Refusal(line.number, f"roles: {error}"))
        else:
            users.append(found)
    taken = await auth.store.taken([name for found in users for name in _names(found)])
    free: list[ImportedUser] = []
    for found in users:
        reason = _why_not(found, taken=taken, seen=seen)
        seen.update(_names(found))
        if reason is None:
            free.append(found)
        else:
            refusals.append(Refusal(found.number, reason))
    refusals.sort(key=lambda refusal: refusal.number)
    return Judged(free, refusals, roles)


async def import_users(
    auth: Auth, judged: Judged, *, run: ImportRun | None, after: ImportRun, now: float
) -> None:
    """Add the users of a batch, and move the import on from `run` to `after`.

    `run` is None at the beginning. Raises `Contended` where an address, a role or the import itself changed
    since the batch was judged.
    """
    held = sorted({role for found in judged.users for role in found.user.roles})
    changes = [
        change
        for found in judged.users
        for change in (
            UserAdded(found.user, found.password_hash),
            EventRecorded(Event(now, EventKind.USER_IMPORTED, found.user.id, actor="cli")),
        )
    ]
    guards = [RoleIs(role, judged.roles[role]) for role in held]
    try:
        await auth.store.commit(*guards, ImportMoved(run, after), *changes)
    except Conflict:
        raise Contended from None


async def finish_import(auth: Auth, *, run: ImportRun | None, after: ImportRun) -> None:
    """Note that the file is done to its end. Raises `Contended`."""
    try:
        await auth.store.commit(ImportMoved(run, after))
    except Conflict:
        raise Contended from None


def _granted(found: ImportedUser, roles: Mapping[str, frozenset[str]]) -> ImportedUser:
    user = found.user
    granted = effective(roles=user.roles, permissions=user.permissions, defined=roles)
    return msgspec.structs.replace(found, user=msgspec.structs.replace(user, granted=granted))


def _names(found: ImportedUser) -> tuple[str, str]:
    """Give what nobody else may have. An id is never an address: it has no `@`."""
    return found.user.email, found.user.id


def _why_not(found: ImportedUser, *, taken: frozenset[str], seen: set[str]) -> str | None:
    for field, name in zip(("email", "id"), _names(found), strict=True):
        if name in seen:
            return f"{field}: stands in an earlier line"
        if name in taken:
            return f"{field}: an account has it already"
    return None
