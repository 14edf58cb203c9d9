"""The keyring: its table, its three invariants, and any number of processes that keep it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.auth.house import CLIENT, NOW, add, log_in, make_auth, next_tokens, open_auth, tokens_for

from gatepass.auth import (
    Conflict,
    KeyMoved,
    KeyringIs,
    KeyState,
    KeysUnavailable,
    RefreshForm,
    SealBroken,
    Secret,
    usecases,
)
from gatepass.auth.keyring import Keyring
from gatepass.auth.signing_keys import TRANSITIONS
from gatepass.auth.usecases import renew
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from gatepass.auth import Auth, Change, KeyRecord

DAY = 86_400
HOUR = 3600


def states(records: list[KeyRecord]) -> list[str]:
    return [record.state.value for record in records]


async def states_in(auth: Auth) -> list[str]:
    return states(await usecases.list_keys(auth))


def published(auth: Auth) -> set[str]:
    document = auth.keyring.ring.jwks
    assert document is not None
    jwks = document["keys"]
    assert isinstance(jwks, list)
    return {key["kid"] for key in jwks}


def test_every_state_but_the_last_has_a_way_on_and_none_has_a_way_back() -> None:
    order = list(KeyState)
    for (before, _), (after, _) in TRANSITIONS.items():
        assert order.index(after) > order.index(before)
    assert {before for before, _ in TRANSITIONS} == set(KeyState) - {KeyState.REMOVED}


async def test_the_first_key_signs_at_once() -> None:
    auth = make_auth()
    with pytest.raises(KeysUnavailable):
        _ = auth.keyring.ring
    ring = await usecases.keep_keys(auth, now=NOW)
    assert await states_in(auth) == ["active"]
    assert published(auth) == {ring.signing_key(NOW).kid}
    assert ring.algorithms == {"ES256"}


async def test_keeping_keys_again_changes_nothing() -> None:
    auth = await open_auth()
    commits = auth.store.commits
    await usecases.keep_keys(auth, now=NOW + DAY)
    assert auth.store.commits == commits


async def test_a_new_key_is_published_an_hour_before_it_signs() -> None:
    auth = await open_auth()
    old = auth.keyring.ring.signing_key(NOW).kid
    new = await usecases.rotate_keys(auth, now=NOW + 1)
    assert published(auth) == {old, new.kid}
    assert auth.keyring.ring.signing_key(NOW + HOUR).kid == old
    assert auth.keyring.ring.signing_key(NOW + 1 + HOUR).kid == new.kid  # without anybody writing anything
    await usecases.keep_keys(auth, now=NOW + 1 + HOUR)
    assert await states_in(auth) == ["retiring", "active"]


async def test_rotating_twice_makes_one_key_and_another_algorithm_replaces_it() -> None:
    auth = await open_auth()
    first = await usecases.rotate_keys(auth, now=NOW + 1)
    assert await usecases.rotate_keys(auth, now=NOW + 60) == first
    other = await usecases.rotate_keys(auth, now=NOW + 120, alg="Ed25519")
    listed = await usecases.list_keys(auth)
    assert [record.alg for record in listed] == ["ES256", "ES256", "Ed25519"]
    assert states(listed) == ["active", "retiring", "next"]
    assert first.kid in published(auth)  # a process that is a moment behind may still sign with it
    assert auth.keyring.ring.signing_key(NOW + 120 + HOUR).kid == other.kid
    assert auth.keyring.ring.algorithms == {"ES256", "Ed25519"}


async def test_keys_follow_each_other_by_themselves_for_a_year() -> None:
    """The three invariants, hour by hour."""
    auth = await open_auth()
    signed_until: dict[str, float] = {}
    first_seen: dict[str, float] = {}
    first = auth.keyring.ring.signing_key(NOW).kid
    signers = set()
    for hour in range(0, 365 * 24, 6):
        now = NOW + hour * HOUR
        ring = await usecases.keep_keys(auth, now=now)
        for kid in published(auth):
            first_seen.setdefault(kid, now)
        signer = ring.signing_key(now).kid
        assert signer is not None
        signers.add(signer)
        assert signer == first or first_seen[signer] + HOUR <= now  # published before it signs
        signed_until[signer] = now + 600
        alive = {kid for kid, until in signed_until.items() if until > now}
        assert alive <= published(auth)  # published until the last token is dead
    assert len(signers) >= 4
    assert len(await usecases.list_keys(auth)) <= 3  # and forgotten when nobody needs them


async def test_other_settings_bring_another_algorithm_with_the_next_start_and_once() -> None:
    auth = await open_auth()
    assert await usecases.change_algorithm(auth, now=NOW) is None
    other = make_auth(auth.store, signing_algorithm="Ed25519")
    await usecases.keep_keys(other, now=NOW)
    assert await states_in(other) == ["active"]  # a running process undoes nothing that another one began
    begun = await usecases.change_algorithm(other, now=NOW + 1)
    assert begun is not None
    assert (begun.alg, begun.activates_at) == ("Ed25519", NOW + 1 + HOUR)
    assert await usecases.change_algorithm(other, now=NOW + 2) is None
    undone = await usecases.change_algorithm(auth, now=NOW + 3)  # the settings as they were
    assert undone is not None
    assert await states_in(auth) == ["active", "retiring", "next"]
    assert auth.keyring.ring.signing_key(NOW + 3 + HOUR).alg == "ES256"


async def test_the_plan_is_what_then_happens() -> None:
    auth = await open_auth()
    plan = await usecases.plan_keys(auth, alg="Ed25519", now=NOW + 1)
    assert plan is not None
    assert (plan.old, plan.new, plan.begun) == ("ES256", "Ed25519", False)
    await usecases.rotate_keys(auth, alg="Ed25519", now=NOW + 1)
    assert await usecases.plan_keys(auth, alg="Ed25519", now=NOW + 99) == msgspec.structs.replace(
        plan, begun=True
    )
    for at, before, after in (
        (plan.signs_at, ["active", "next"], ["retiring", "active"]),
        (plan.old_leaves_at, ["retiring", "active"], ["retired", "active"]),
        (plan.old_forgotten_at, ["retired", "active"], ["active"]),
    ):
        await usecases.keep_keys(auth, now=at - 1)
        assert await states_in(auth) == before
        await usecases.keep_keys(auth, now=at)
        assert await states_in(auth) == after
    assert await usecases.plan_keys(auth, alg="Ed25519", now=plan.old_forgotten_at) is None


async def test_there_is_no_plan_before_a_key_signs_and_one_back_before_the_new_one_does() -> None:
    assert await usecases.plan_keys(make_auth(), alg="ES256", now=NOW) is None
    auth = await open_auth()
    assert await usecases.plan_keys(auth, alg="ES256", now=NOW) is None
    await usecases.rotate_keys(auth, alg="Ed25519", now=NOW)
    back = await usecases.plan_keys(auth, alg="ES256", now=NOW + 1)
    assert back is not None
    assert (back.old, back.new, back.signs_at) == ("ES256", "ES256", NOW + 1 + HOUR)


async def test_a_key_stays_published_for_the_longest_life_of_a_token_whatever_the_settings_say() -> None:
    auth = await open_auth(access_token_lifetime=HOUR)
    shorter = make_auth(auth.store, access_token_lifetime=1)
    await usecases.rotate_keys(shorter, now=NOW + 1)
    await usecases.keep_keys(shorter, now=NOW + 1 + HOUR)
    await usecases.keep_keys(shorter, now=NOW + 1 + 2 * HOUR)  # tokens from before the change live until here
    assert await states_in(shorter) == ["retiring", "active"]


async def test_a_key_that_is_unpublished_loses_its_private_half_but_still_renews() -> None:
    auth = await open_auth()
    await add(auth)
    tokens = await tokens_for(auth, await log_in(auth), form=RefreshForm.RENEWAL)
    await usecases.rotate_keys(auth, now=NOW + 1)
    for hour in range(1, 25):
        await usecases.keep_keys(auth, now=NOW + hour * HOUR)
    records = await usecases.list_keys(auth)
    assert states(records) == ["retired", "active"]
    assert records[0].sealed_private is None
    assert records[0].kid not in published(auth)
    await next_tokens(auth, tokens, now=NOW + 13 * DAY)
    for day in range(2, 40):
        await usecases.keep_keys(auth, now=NOW + day * DAY)
    assert await states_in(auth) == ["active"]
    with pytest.raises(Exception, match="not an access token"):
        await renew(auth, expired_token=tokens.access_token, client=CLIENT, now=NOW + 40 * DAY)


async def test_another_key_encryption_key_opens_nothing_and_adds_nothing() -> None:
    auth = await open_auth()
    stranger = make_auth(auth.store, kek=Secret(b"x" * 32))
    with pytest.raises(SealBroken):
        await usecases.keep_keys(stranger, now=NOW + 100 * DAY)
    assert await states_in(auth) == ["active"]
    with pytest.raises(ValueError, match="32 bytes"):
        make_auth(kek=Secret(b"short"))


async def test_sealed_halves_cannot_be_exchanged_or_altered() -> None:
    auth = await open_auth()
    await usecases.rotate_keys(auth, now=NOW)
    first, second = await usecases.list_keys(auth)
    assert first.sealed_private is not None
    swapped = msgspec.structs.replace(first, sealed_private=second.sealed_private)
    flipped = bytes([first.sealed_private[-1] ^ 1])
    altered = msgspec.structs.replace(first, sealed_private=first.sealed_private[:-1] + flipped)
    short = msgspec.structs.replace(first, sealed_private=b"short")
    for bad in (swapped, altered, short):
        with pytest.raises(SealBroken):
            Keyring.open([bad], auth.kek)
    Keyring.open([first, second], auth.kek)


async def test_private_halves_rest_sealed_and_show_nowhere() -> None:
    auth = await open_auth()
    (record,) = await usecases.list_keys(auth)
    assert b'"d"' not in (record.sealed_private or b"")
    assert b'"d"' not in record.public_jwk
    assert "sealed" not in repr(record)
    assert repr(auth.kek) == str(auth.kek) == "<Secret>"


async def test_processes_that_start_at_once_agree_on_one_key() -> None:
    store = MemoryStore()

    class Slow(MemoryStore):
        """Lets everybody look before anybody writes."""

        async def signing_keys(self) -> list[KeyRecord]:
            found = await store.signing_keys()
            await asyncio.sleep(0)
            return found

        async def commit(self, *changes: Change) -> None:
            await store.commit(*changes)

    processes = [make_auth(Slow()) for _ in range(5)]
    rings = await asyncio.gather(*(usecases.keep_keys(auth, now=NOW) for auth in processes))
    assert len({ring.signing_key(NOW).kid for ring in rings}) == 1
    assert len(await store.signing_keys()) == 1


async def test_a_move_that_another_process_made_is_not_made_twice() -> None:
    auth = await open_auth()
    (record,) = await usecases.list_keys(auth)
    moved = msgspec.structs.replace(record, state=KeyState.RETIRING)
    await auth.store.commit(KeyMoved(KeyState.ACTIVE, moved))
    for late in (KeyMoved(KeyState.ACTIVE, moved), KeyringIs(frozenset({(record.kid, "active")}))):
        with pytest.raises(Conflict):
            await auth.store.commit(late)


async def test_an_active_key_signs_though_the_clock_was_set_back_and_a_next_one_does_not() -> None:
    auth = await open_auth()
    active = auth.keyring.ring.signing_key(NOW)
    waiting = await usecases.rotate_keys(auth, now=NOW + 1)
    assert auth.keyring.ring.signing_key(NOW - DAY).kid == active.kid
    with pytest.raises(KeysUnavailable):
        Keyring.open([waiting], auth.kek).signing_key(NOW + 2)
