"""Registering: where it is open, a stranger asks, the mailbox answers, and nobody learns who is there."""

from __future__ import annotations

import pytest
from tests.unit.auth.house import CLIENT, NOW, PASSWORD, MailBox, add, events, log_in, open_auth
from tests.unit.auth.linking import invite, set_password

from gatepass.auth import (
    Auth,
    Client,
    EmailTaken,
    LoginRefused,
    RegistrationClosed,
    TooManyAttempts,
    UserStatus,
    usecases,
)


@pytest.fixture
async def auth() -> Auth:
    return await open_auth(registration_open=True)


async def register(auth: Auth, email: str = "eve@example.org", *, client: Client = CLIENT) -> None:
    await usecases.register(auth, email=email, first_name="Eve", last_name="Nobody", client=client, now=NOW)


async def test_a_stranger_registers_where_that_is_open_and_may_do_nothing_yet(
    auth: Auth, box: MailBox
) -> None:
    await register(auth, "EVE@Example.org")
    made = await auth.store.user_by_email("eve@example.org")
    assert made is not None
    assert (made.status, made.roles, made.granted) == (UserStatus.INVITED, frozenset(), frozenset())
    assert "user_registered" in await events(auth)
    with pytest.raises(LoginRefused):
        await log_in(auth, "eve@example.org")
    await box.collect(auth, now=NOW)
    await set_password(auth, box.link(), PASSWORD)
    assert (await log_in(auth, "eve@example.org")).user.id == made.id


async def test_registration_is_closed_by_default() -> None:
    auth = await open_auth()
    with pytest.raises(RegistrationClosed):
        await register(auth)
    assert await auth.store.mails_due(NOW, 10) == []


async def test_the_answer_and_the_work_are_the_same_whoever_has_the_address(auth: Auth, box: MailBox) -> None:
    await add(auth)
    await add(auth, "off@example.org")
    await usecases.disable_user(auth, email="off@example.org", actor="cli", now=NOW)
    await invite(auth, "bob@example.org")
    await box.collect(auth, now=NOW)
    box.letters.clear()
    work = set()
    for email in ("eve@example.org", "ADA@Example.org", "off@example.org", "bob@example.org"):
        before = (auth.store.lookups, auth.store.commits)
        await register(auth, email)
        work.add((auth.store.lookups - before[0], auth.store.commits - before[1]))
    assert work == {(1, 2)}
    assert len(await auth.store.mails_due(NOW, 10)) == 4
    await box.collect(auth, now=NOW)
    told = {letter.to: ("?link=" in letter.text, letter.subject) for letter in box.letters}
    assert told == {
        "eve@example.org": (True, "Your account at clinic"),
        "bob@example.org": (True, "Your account at clinic"),  # who has not chosen a password yet
        "ada@example.org": (False, "Somebody asked for your e-mail address at clinic"),
    }
    assert len(await auth.store.users_page(None, 10)) == 4


async def test_an_administrator_is_told_that_an_address_is_taken(auth: Auth) -> None:
    """They see all accounts anyway."""
    await add(auth)
    with pytest.raises(EmailTaken):
        await invite(auth, "ada@example.org")


async def test_who_registered_an_address_that_is_not_theirs_gets_nothing_by_it(
    auth: Auth, box: MailBox
) -> None:
    await register(auth, "ada@example.org")  # somebody else
    await box.collect(auth, now=NOW)
    first = box.link()
    await register(auth, "ada@example.org")  # Ada
    await box.collect(auth, now=NOW)
    assert {letter.to for letter in box.letters} == {"ada@example.org"}
    assert box.link() != first
    await set_password(auth, box.link(), PASSWORD)
    assert (await log_in(auth, "ada@example.org")).user.email == "ada@example.org"


async def test_nobody_can_fill_a_mailbox(auth: Auth) -> None:
    await add(auth)
    for email in ("ada@example.org", "eve@example.org"):
        for number in range(5):
            await register(auth, email, client=Client(address=f"192.0.2.{number}"))
        with pytest.raises(TooManyAttempts) as refused:
            await register(auth, email)
        assert refused.value.retry_after == 720
    await log_in(auth)  # the account itself is not throttled by it


async def test_registering_is_limited_by_address(auth: Auth) -> None:
    for number in range(100):
        await register(auth, f"u{number}@example.org")
    with pytest.raises(TooManyAttempts):
        await register(auth)
    await register(auth, client=Client(address="2001:db8::1"))
