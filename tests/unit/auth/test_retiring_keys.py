"""Retiring a key early, and in an emergency: what signs, what is published, who is still served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import (
    CLIENT,
    NOW,
    add,
    log_in,
    make_auth,
    next_tokens,
    open_auth,
    tokens_for,
)

from gatepass.auth import (
    KeyUnknown,
    RefreshForm,
    RefreshRefused,
    SessionRefused,
    usecases,
)
from gatepass.jose import jwt
from gatepass.oauth import Selects

if TYPE_CHECKING:
    from gatepass.auth import Auth, Revocation

HOUR = 3_600.0


async def states(auth: Auth) -> dict[str, str]:
    return {record.kid: record.state.value for record in await usecases.list_keys(auth)}


async def entries(auth: Auth) -> list[Revocation]:
    return [recorded.revocation for recorded in (await auth.store.revocations_after(0, 99)).entries]


def signer(auth: Auth, now: float) -> str:
    return auth.keyring.ring.signing_key(now).kid or ""


def published(auth: Auth) -> set[str]:
    return {key.kid or "" for key in auth.keyring.ring.published}


async def test_the_key_that_signs_retires_when_the_next_one_may_sign() -> None:
    auth = await open_auth()
    first = signer(auth, NOW)
    successor = await usecases.retire_key(auth, kid=first, now=NOW)
    assert successor == await usecases.retire_key(auth, kid=first, now=NOW + 1)  # a retry
    assert successor.activates_at == NOW + HOUR
    assert published(auth) == {first, successor.kid}
    assert (signer(auth, NOW + HOUR - 1), signer(auth, NOW + HOUR)) == (first, successor.kid)
    await usecases.keep_keys(auth, now=NOW + HOUR)
    assert await states(auth) == {first: "retiring", successor.kid: "active"}
    assert (await usecases.retire_key(auth, kid=first, now=NOW + HOUR)).kid == successor.kid
    assert published(auth) == {first, successor.kid}  # until its last token is dead
    assert await entries(auth) == []  # nobody is logged out


async def test_a_key_that_waits_gives_way_to_a_new_one() -> None:
    auth = await open_auth()
    first = signer(auth, NOW)
    waiting = await usecases.rotate_keys(auth, now=NOW)
    fresh = await usecases.retire_key(auth, kid=waiting.kid, now=NOW + 60)
    assert await states(auth) == {first: "active", waiting.kid: "retiring", fresh.kid: "next"}
    assert fresh.activates_at == NOW + 60 + HOUR


async def test_there_must_be_such_a_key() -> None:
    auth = await open_auth()
    for retire in (usecases.retire_key, usecases.revoke_key):
        with pytest.raises(KeyUnknown):
            await retire(auth, kid="nobody", now=NOW)


async def test_in_an_emergency_the_next_key_takes_over_at_once() -> None:
    auth = await open_auth()
    first = signer(auth, NOW)
    waiting = await usecases.rotate_keys(auth, now=NOW)
    signs = await usecases.revoke_key(auth, kid=first, now=NOW + 1)
    assert signs.kid == waiting.kid == signer(auth, NOW + 1)
    assert await states(auth) == {waiting.kid: "active"}
    assert published(auth) == {waiting.kid}
    (entry,) = await entries(auth)
    assert (entry.selects, entry.value, entry.below) == (Selects.KID, first, 0)
    assert entry.forget_after == int(NOW) + 1 + 30 * 86_400
    with pytest.raises(KeyUnknown):
        await usecases.revoke_key(auth, kid=first, now=NOW + 2)


async def test_where_no_key_waits_a_new_one_signs_at_once() -> None:
    auth = await open_auth()
    first = signer(auth, NOW)
    signs = await usecases.revoke_key(auth, kid=first, now=NOW)
    assert signs.kid != first
    assert await states(auth) == {signs.kid: "active"}
    assert signer(auth, NOW) == signs.kid
    await usecases.keep_keys(auth, now=NOW + 88 * 86_400)
    assert await states(auth) == {signs.kid: "active"}  # its life begins now


async def test_any_other_key_goes_and_the_one_that_signs_stays() -> None:
    auth = await open_auth()
    first = signer(auth, NOW)
    waiting = await usecases.rotate_keys(auth, now=NOW)
    assert (await usecases.revoke_key(auth, kid=waiting.kid, now=NOW)).kid == first
    assert await states(auth) == {first: "active"}
    second = await usecases.rotate_keys(auth, now=NOW)
    await usecases.keep_keys(auth, now=NOW + HOUR)
    assert (await usecases.revoke_key(auth, kid=first, now=NOW + HOUR)).kid == second.kid
    assert published(auth) == {second.kid}  # it was retiring


async def test_sessions_and_refresh_tokens_outlive_a_compromised_key() -> None:
    auth = await open_auth()
    await add(auth)
    came = await log_in(auth)
    tokens = await tokens_for(auth, came)
    renewable = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    await usecases.revoke_key(auth, kid=signer(auth, NOW), now=NOW)
    with pytest.raises(SessionRefused):
        await usecases.check_access_token(auth, token=tokens.access_token, now=NOW)
    await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)
    fresh = await next_tokens(auth, tokens, now=NOW)
    assert jwt.peek_header(fresh.access_token)["kid"] == signer(auth, NOW)
    await usecases.check_access_token(auth, token=fresh.access_token, now=NOW)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, renewable, now=NOW + 600)
    assert refused.value.code == "token_invalid"
    again = await tokens_for(auth, came, form=RefreshForm.RENEWAL)  # who has the session has new ones
    await next_tokens(auth, again, now=NOW + 600)


@pytest.mark.parametrize("form", list(RefreshForm))
async def test_a_process_with_an_older_ring_accepts_nothing_of_it(form: RefreshForm) -> None:
    auth = await open_auth()
    await add(auth)
    tokens = await tokens_for(auth, await log_in(auth), form=form)
    late = make_auth(auth.store)
    await usecases.keep_keys(late, now=NOW)
    await usecases.check_access_token(late, token=tokens.access_token, now=NOW)  # the twin
    await usecases.revoke_key(auth, kid=signer(auth, NOW), now=NOW)
    with pytest.raises(SessionRefused) as refused:
        await usecases.check_access_token(late, token=tokens.access_token, now=NOW)
    assert refused.value.code == "token_revoked"
    if form is RefreshForm.RENEWAL:
        with pytest.raises(RefreshRefused) as unrenewed:
            await usecases.renew(late, expired_token=tokens.access_token, client=CLIENT, now=NOW + 600)
        assert unrenewed.value.code == "token_revoked"
