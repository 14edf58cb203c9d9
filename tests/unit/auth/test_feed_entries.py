"""What must be in the revocation feed is there, written in the very commit of its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.auth.house import CLIENT, KEK, NOW, PASSWORD, add, log_in, make_auth

from gatepass.auth import (
    CheckedSession,
    Conflict,
    Contended,
    Revoked,
    StorageUnavailable,
    UserIsAt,
    usecases,
)
from gatepass.oauth import Selects
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Auth, Change, LoggedIn

NEVER = UserIsAt("user-none", 0)


class Spoiling(MemoryStore):
    """Adds to each commit that has a feed entry what can't be, or fails it as a full disk does."""

    def __init__(self) -> None:
        super().__init__()
        self.spoil: Exception | None = None
        self.tried = 0

    async def commit(self, *changes: Change) -> None:
        if self.spoil is not None and any(isinstance(change, Revoked) for change in changes):
            self.tried += 1
            if isinstance(self.spoil, Conflict):
                changes = (*changes, NEVER)
            else:
                raise self.spoil
        await super().commit(*changes)


async def _kid(auth: Auth) -> str:
    return (await usecases.list_keys(auth))[0].kid


async def _revoke_key(auth: Auth, _: LoggedIn) -> None:
    await usecases.revoke_key(auth, kid=await _kid(auth), now=NOW)


ACTS: dict[str, tuple[Callable[[Auth, LoggedIn], Awaitable[Any]], Selects, int]] = {
    "log out everywhere": (
        lambda auth, came: usecases.log_out_everywhere(auth, user_id=came.user.id, actor=came.user, now=NOW),
        Selects.SUB,
        1,
    ),
    "delete a user": (
        lambda auth, came: usecases.delete_user(auth, user_id=came.user.id, actor="cli", now=NOW),
        Selects.SUB,
        2**53 - 1,
    ),
    "change the password": (
        lambda auth, came: usecases.change_password(
            auth,
            checked=CheckedSession(came.session, came.user),
            current=PASSWORD,
            new="another good password",
            client=CLIENT,
            now=NOW,
        ),
        Selects.SUB,
        1,
    ),
    "set roles": (
        lambda auth, came: usecases.set_roles(
            auth, user_id=came.user.id, roles=["doctor"], actor="cli", now=NOW
        ),
        Selects.CHANGED,
        1,
    ),
    "set permissions": (
        lambda auth, came: usecases.set_permissions(
            auth, user_id=came.user.id, permissions=["a:read"], actor="cli", now=NOW
        ),
        Selects.CHANGED,
        1,
    ),
    "revoke a key": (_revoke_key, Selects.KID, 0),
    "revoke a token": (
        lambda auth, _: usecases.revoke_token(auth, jti="j", actor="cli", now=NOW),
        Selects.JTI,
        0,
    ),
    "revoke a client's tokens": (
        lambda auth, _: usecases.revoke_client(auth, client_id="gatepass", actor="cli", now=NOW),
        Selects.CLIENT_ID,
        int(NOW) + 1,
    ),
    "revoke everything": (
        lambda auth, _: usecases.revoke_everything(auth, actor="cli", now=NOW),
        Selects.ALL,
        int(NOW) + 1,
    ),
}


async def opened() -> tuple[Auth, Spoiling, LoggedIn]:
    store = Spoiling()
    auth = make_auth(store, kek=KEK)
    await usecases.keep_keys(auth, now=NOW)
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    await add(auth)
    return auth, store, await log_in(auth)


async def everything(store: MemoryStore) -> list[Any]:
    return [
        await store.revocations_after(0, 99),
        await store.users_page(None, 9),
        await store.credentials_by_email("ada@example.org"),
        await store.live_sessions(NOW, None, 9),
        await store.signing_keys(),
        await store.events_after(0, 99),
    ]


@pytest.mark.parametrize("name", ACTS)
async def test_the_entry_says_what_ended_and_outlasts_every_token_of_now(name: str) -> None:
    act, selects, below = ACTS[name]
    auth, store, came = await opened()
    before = (await store.revocations_after(0, 99)).head
    await act(auth, came)
    (recorded,) = (await store.revocations_after(before, 99)).entries
    entry = recorded.revocation
    assert (entry.selects, entry.below) == (selects, below)
    assert entry.forget_after >= NOW + 3_600
    of_a_user = selects in {Selects.SUB, Selects.CHANGED}
    assert entry.user_id == (came.user.id if of_a_user else None)
    if of_a_user:
        assert entry.value == came.user.id


@pytest.mark.parametrize("name", ACTS)
async def test_no_entry_without_its_cause_and_no_cause_without_its_entry(name: str) -> None:
    act, _, _ = ACTS[name]
    for spoil, error in ((StorageUnavailable("full"), StorageUnavailable), (Conflict(NEVER), Contended)):
        auth, store, came = await opened()
        before = await everything(store)
        store.spoil = spoil
        with pytest.raises((error, Conflict)):
            await act(auth, came)
        assert store.tried >= 1
        assert await everything(store) == before
        store.spoil = None
        await act(auth, came)  # the twin
        after = await everything(store)
        assert after != before
        assert after[0] != before[0]


async def test_a_cut_off_is_never_lowered_by_another_one() -> None:
    auth, store, came = await opened()
    user = came.user
    await usecases.log_out_everywhere(auth, user_id=user.id, actor="cli", now=NOW)
    await usecases.set_roles(auth, user_id=user.id, roles=["doctor"], actor="cli", now=NOW)
    await usecases.disable_user(auth, user_id=user.id, actor="cli", now=NOW)
    enabled = await usecases.enable_user(auth, user_id=user.id, actor="cli", now=NOW)
    changed = await usecases.set_roles(auth, user_id=user.id, roles=[], actor="cli", now=NOW)
    assert (enabled.epoch, enabled.revoked_below) == (4, 3)
    assert (changed.epoch, changed.revoked_below) == (5, 3)
    assert msgspec.structs.replace(changed, epoch=0, revoked_below=0) == user
    entries = [recorded.revocation for recorded in (await store.revocations_after(0, 99)).entries]
    cuts = [entry.below for entry in entries if entry.selects is Selects.SUB]
    assert cuts == sorted(cuts)
