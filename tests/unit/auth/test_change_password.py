"""Changing one's password: who may, how often one may guess, and what goes on afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.auth.house import (
    CLIENT,
    NOW,
    PASSWORD,
    events,
    log_in,
    next_tokens,
    passwords_of,
    tokens_for,
)

from gatepass.auth import (
    CheckedSession,
    Client,
    InvalidInput,
    LoginRefused,
    PasswordRefused,
    RefreshForm,
    RefreshRefused,
    SessionRefused,
    TooManyAttempts,
    usecases,
)

if TYPE_CHECKING:
    from gatepass.auth import Auth, LoggedIn

NEW = "a quite different password"


async def change(auth: Auth, came: LoggedIn, **fields: Any) -> LoggedIn:
    given: dict[str, Any] = {"current": PASSWORD, "new": NEW, "client": CLIENT, "now": NOW}
    checked = CheckedSession(came.session, came.user)
    return await usecases.change_password(auth, checked=checked, **{**given, **fields})


async def test_the_new_password_opens_and_the_old_one_does_not(auth: Auth) -> None:
    await change(auth, await log_in(auth))
    with pytest.raises(LoginRefused):
        await log_in(auth)
    await usecases.log_in(auth, email="ada@example.org", password=NEW, client=CLIENT, now=NOW)
    assert "password_changed" in await events(auth)


@pytest.mark.parametrize("form", list(RefreshForm))
async def test_who_asks_goes_on_in_a_new_session_and_everything_else_ends(
    auth: Auth, form: RefreshForm
) -> None:
    asking, other = await log_in(auth), await log_in(auth)
    tokens = [await tokens_for(auth, came, form=form) for came in (asking, other)]
    now = NOW + 600
    entered = await change(auth, asking, now=now)
    for came in (asking, other):
        with pytest.raises(SessionRefused):
            await usecases.check_session(auth, session_id=came.session_id.reveal(), now=now)
    for held in tokens:
        with pytest.raises(RefreshRefused):
            await next_tokens(auth, held, now=now)
    checked = await usecases.check_session(auth, session_id=entered.session_id.reveal(), now=now)
    assert (checked.session, checked.user) == (entered.session, entered.user)
    assert entered.session.created_at == now  # the password was asked for: a fresh log-in
    assert await usecases.list_sessions(auth, user_id=entered.user.id, now=now) == [entered.session]
    fresh = await tokens_for(auth, entered, form=form, now=now)
    await usecases.check_access_token(auth, token=fresh.access_token, now=now)


async def test_a_wrong_current_password_changes_nothing(auth: Auth) -> None:
    came = await log_in(auth)
    with pytest.raises(PasswordRefused):
        await change(auth, came, current="wrong password")
    assert (await events(auth))[-1] == "password_refused"
    await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)
    await log_in(auth)


@pytest.mark.parametrize("new", ["1234567", "x" * 1025, "\ud800" * 10])
async def test_a_new_password_that_can_not_be_one_is_refused_before_any_work(auth: Auth, new: str) -> None:
    came = await log_in(auth)
    verified = len(passwords_of(auth).verified)
    with pytest.raises(InvalidInput) as refused:
        await change(auth, came, new=new)
    assert refused.value.field == "new_password"
    assert len(passwords_of(auth).verified) == verified


async def test_the_same_password_is_no_change_and_logs_nobody_out(auth: Auth) -> None:
    """Whoever wants that has `log_out_everywhere`."""
    asking, other = await log_in(auth), await log_in(auth)
    lines = await events(auth)
    with pytest.raises(InvalidInput) as refused:
        await change(auth, asking, new=PASSWORD)
    assert (refused.value.field, refused.value.reason) == (
        "new_password",
        "is the current password; choose another",
    )
    assert await events(auth) == lines
    await usecases.check_session(auth, session_id=other.session_id.reveal(), now=NOW)
    await change(auth, asking, new=f"{PASSWORD} ")  # the twin


async def test_guessing_with_a_stolen_session_is_limited_as_at_the_log_in(auth: Auth) -> None:
    came = await log_in(auth)
    for address in range(10):
        with pytest.raises(PasswordRefused):
            await change(auth, came, current="guess", client=Client(address=f"192.0.2.{address}"))
    verified = len(passwords_of(auth).verified)
    with pytest.raises(TooManyAttempts):
        await change(auth, came, client=Client(address="198.51.100.1"))
    with pytest.raises(TooManyAttempts):
        await log_in(auth)  # one bucket for both doors
    assert len(passwords_of(auth).verified) == verified
    await change(auth, came, now=NOW + 90)


async def test_a_change_that_succeeds_is_not_charged(auth: Auth) -> None:
    came = await log_in(auth)
    for number in range(20):
        old = PASSWORD if number == 0 else f"{NEW} {number - 1}"
        came = await change(auth, came, current=old, new=f"{NEW} {number}")


async def test_a_session_that_ends_while_the_password_is_hashed_changes_nothing(auth: Auth) -> None:
    came = await log_in(auth)
    hashing = passwords_of(auth)
    genuine = hashing.hash

    async def kicked_meanwhile(password: str) -> str:
        await usecases.log_out_everywhere(auth, user_id=came.user.id, actor="cli", now=NOW)
        return await genuine(password)

    hashing.hash = kicked_meanwhile  # type: ignore[method-assign]
    with pytest.raises(SessionRefused) as refused:
        await change(auth, came)
    assert refused.value.code == "session_revoked"
    hashing.hash = genuine  # type: ignore[method-assign]
    await change(auth, await log_in(auth))  # the twin, and the old password still holds


async def test_of_two_changes_at_once_one_wins_and_the_other_is_told_so(auth: Auth) -> None:
    first, second = await log_in(auth), await log_in(auth)
    hashing = passwords_of(auth)
    genuine = hashing.hash

    async def overtaken(password: str) -> str:
        hashing.hash = genuine  # type: ignore[method-assign]
        await change(auth, second, new="the quicker password")
        return await genuine(password)

    hashing.hash = overtaken  # type: ignore[method-assign]
    with pytest.raises(SessionRefused):
        await change(auth, first)
    await usecases.log_in(
        auth, email="ada@example.org", password="the quicker password", client=CLIENT, now=NOW
    )
