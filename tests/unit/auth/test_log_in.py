"""Logging in: a session for who knows the password, one answer and one amount of work for everybody else."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.auth.house import (
    CLIENT,
    NOW,
    PASSWORD,
    add,
    events,
    log_in,
    make_auth,
    open_auth,
    passwords_of,
)

from gatepass.auth import (
    Client,
    LoginRefused,
    SessionRefused,
    SessionStarted,
    TooManyAttempts,
    User,
    UserChanged,
    passwords,
    usecases,
)
from gatepass.auth.usecases.log_in import SESSIONS_PER_USER
from gatepass.storage import MemoryStore


async def test_a_log_in_starts_a_session_that_its_id_opens() -> None:
    auth = await open_auth()
    await add(auth)
    came = await log_in(auth)
    checked = await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW + 1)
    assert checked.user == came.user
    assert checked.session == came.session
    assert (came.session.address, came.session.device) == ("192.0.2.7", "Firefox on Linux")


@pytest.mark.parametrize("typed", ["ADA@Example.ORG", " ada@example.org ", "ａｄａ@example.org"])
async def test_the_address_may_be_typed_in_many_ways(typed: str) -> None:
    auth = await open_auth()
    user = await add(auth)
    assert (await log_in(auth, typed)).user.id == user.id


async def test_every_log_in_gets_a_new_session_id() -> None:
    auth = await open_auth()
    await add(auth)
    assert len({(await log_in(auth)).session_id.reveal() for _ in range(5)}) == 5


async def test_a_password_holds_until_it_is_changed() -> None:
    auth = await open_auth()
    user = await add(auth)
    came = await log_in(auth, now=NOW + 20 * 365 * 86_400)
    assert came.user.id == user.id


REFUSED = {
    "wrong password": ("ada@example.org", "wrong password"),
    "no password": ("ada@example.org", ""),
    "password longer than any": ("ada@example.org", "x" * 5000),
    "password that is no text": ("ada@example.org", "\ud800" * 9),
    "unknown user": ("eve@example.org", PASSWORD),
    "not an address": ("ada", PASSWORD),
    "an address of 10,000 characters": ("a" * 10_000 + "@example.org", PASSWORD),
    "disabled user": ("bob@example.org", PASSWORD),
    "disabled user, wrong password": ("bob@example.org", "wrong password"),
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED.keys())
async def test_every_refusal_is_the_same_and_costs_the_same(attempt: tuple[str, str]) -> None:
    auth = await open_auth()
    await add(auth)
    await add(auth, "bob@example.org")
    await usecases.disable_user(auth, email="bob@example.org", actor="cli", now=NOW)
    before = (auth.store.lookups, auth.store.commits, len(passwords_of(auth).verified))
    with pytest.raises(LoginRefused) as refused:
        await usecases.log_in(auth, email=attempt[0], password=attempt[1], client=CLIENT, now=NOW)
    work = (auth.store.lookups, auth.store.commits, len(passwords_of(auth).verified))
    assert str(refused.value) == str(LoginRefused())
    assert [after - was for after, was in zip(work, before, strict=True)] == [1, 2, 1]
    assert (await events(auth))[-1] == "login_failed"


async def test_an_unknown_user_costs_a_real_hash_of_the_same_profile() -> None:
    auth = await open_auth()
    await add(auth)
    for email in ("ada@example.org", "eve@example.org"):
        with pytest.raises(LoginRefused):
            await usecases.log_in(auth, email=email, password="wrong password", client=CLIENT, now=NOW)
    real, dummy = passwords_of(auth).verified
    assert real is not None
    assert dummy is None
    profile = passwords_of(auth).profile
    assert not passwords.needs_rehash(passwords._dummy(profile), profile=profile)


async def test_who_logs_in_for_ever_keeps_the_newest_sessions_alone() -> None:
    auth = await open_auth()
    await add(auth)
    came = [await log_in(auth, now=NOW + i) for i in range(SESSIONS_PER_USER)]
    now = NOW + SESSIONS_PER_USER
    await usecases.check_session(
        auth, session_id=came[0].session_id.reveal(), now=now
    )  # not one too many yet
    newest = await log_in(auth, now=now)
    with pytest.raises(SessionRefused) as refused:
        await usecases.check_session(auth, session_id=came[0].session_id.reveal(), now=now)
    assert refused.value.code == "session_ended"
    for kept in (came[1], newest):
        await usecases.check_session(auth, session_id=kept.session_id.reveal(), now=now)
    assert len(await usecases.list_sessions(auth, user_id=newest.user.id, now=now)) == SESSIONS_PER_USER
    last = (await auth.store.events_after(0, 1000))[-2].event
    assert (last.sid, last.reason, last.actor) == (came[0].session.sid, "too_many_sessions", newest.user.id)


async def test_hundreds_of_sessions_from_before_the_limit_can_all_be_ended() -> None:
    auth = await open_auth()
    await add(auth)
    came = await log_in(auth)
    for i in range(450):
        old = msgspec.structs.replace(
            came.session, sid=f"old-{i}", id_hash=i.to_bytes(32), created_at=NOW - i
        )
        await auth.store.commit(SessionStarted(old))
    assert await usecases.end_other_sessions(auth, session=came.session, now=NOW) == 450
    assert await usecases.list_sessions(auth, user_id=came.user.id, now=NOW) == [came.session]


async def test_an_account_must_wait_after_too_many_failures_and_then_may_try_again() -> None:
    auth = await open_auth()
    await add(auth)
    for _ in range(10):
        with pytest.raises(LoginRefused):
            await usecases.log_in(auth, email="ada@example.org", password="wrong one", client=CLIENT, now=NOW)
    with pytest.raises(TooManyAttempts) as refused:
        await log_in(auth)
    assert refused.value.retry_after == 90
    assert len(passwords_of(auth).verified) == 10  # the eleventh was not even looked at
    await log_in(auth, now=NOW + refused.value.retry_after)


async def test_other_accounts_go_on_meanwhile() -> None:
    auth = await open_auth()
    await add(auth)
    await add(auth, "bob@example.org")
    for _ in range(10):
        with pytest.raises(LoginRefused):
            await usecases.log_in(auth, email="ada@example.org", password="wrong one", client=CLIENT, now=NOW)
    await log_in(auth, "bob@example.org")


async def test_an_address_must_wait_after_trying_many_accounts() -> None:
    auth = await open_auth()
    await add(auth)
    for number in range(100):
        with pytest.raises(LoginRefused):
            await usecases.log_in(auth, email=f"u{number}@example.org", password="x", client=CLIENT, now=NOW)
    with pytest.raises(TooManyAttempts):
        await log_in(auth)
    elsewhere = Client(address="192.0.2.8")
    await usecases.log_in(auth, email="ada@example.org", password=PASSWORD, client=elsewhere, now=NOW)


async def test_success_takes_back_its_own_charge_and_nobody_elses() -> None:
    auth = await open_auth()
    await add(auth)
    for _ in range(50):  # five times the limit
        await log_in(auth)
    for _ in range(9):
        with pytest.raises(LoginRefused):
            await usecases.log_in(auth, email="ada@example.org", password="wrong one", client=CLIENT, now=NOW)
    await log_in(auth)  # the tenth attempt; refunded
    with pytest.raises(LoginRefused):
        await usecases.log_in(auth, email="ada@example.org", password="wrong one", client=CLIENT, now=NOW)
    with pytest.raises(TooManyAttempts):
        await log_in(auth)  # a good password did not wipe out nine bad ones


async def test_a_hash_of_another_profile_is_replaced_at_the_next_log_in() -> None:
    auth = await open_auth()
    user = await add(auth)
    passwords_of(auth).profile = passwords.Profile(memory=16, passes=1, lanes=1)
    await log_in(auth)
    found = await auth.store.credentials_by_email(user.email)
    assert found is not None
    assert found[1] is not None
    assert "m=16" in found[1]
    hashed = passwords_of(auth).hashed
    await log_in(auth)
    assert passwords_of(auth).hashed == hashed


async def test_the_cap_on_length_is_checked_before_hashing() -> None:
    assert passwords.can_be_password("x" * passwords.MAX_LENGTH)
    assert not passwords.can_be_password("x" * (passwords.MAX_LENGTH + 1))


class DisablesMeanwhile(MemoryStore):
    """Between the look at the password and the commit, an administrator is quicker."""

    armed = False

    async def credentials_by_email(self, email: str) -> tuple[User, str | None] | None:
        found = await super().credentials_by_email(email)
        if self.armed and found is not None:
            self.armed = False
            user = found[0]
            cut = user.epoch + 1
            shut_out = msgspec.structs.replace(user, epoch=cut, revoked_below=cut, status="disabled")
            await self.commit(UserChanged(shut_out, user.epoch))
        return found


async def test_a_user_who_is_disabled_while_the_password_is_hashed_stays_out() -> None:
    store = DisablesMeanwhile()
    auth = make_auth(store)
    user = await add(auth)
    assert (await log_in(auth)).user == user  # the twin
    store.armed = True
    with pytest.raises(LoginRefused):
        await log_in(auth)
    assert await auth.store.sessions_of(user.id, NOW, 10) == []


async def test_what_came_of_a_log_in_shows_no_secret() -> None:
    auth = await open_auth()
    await add(auth)
    came = await log_in(auth)
    assert came.session_id.reveal() not in f"{came!r} {came.session_id!s}"


async def test_a_session_id_of_another_log_in_opens_only_its_own_session() -> None:
    auth = await open_auth()
    await add(auth)
    first, second = await log_in(auth), await log_in(auth)
    await usecases.log_out(auth, session=first.session, actor=first.user, now=NOW)
    with pytest.raises(SessionRefused):
        await usecases.check_session(auth, session_id=first.session_id.reveal(), now=NOW)
    await usecases.check_session(auth, session_id=second.session_id.reveal(), now=NOW)
