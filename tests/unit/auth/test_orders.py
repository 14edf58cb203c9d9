"""Orders: which tokens they take back, to the second, and what goes on all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import NOW, log_in, next_tokens, tokens_for

from gatepass.auth import InvalidInput, RefreshForm, RefreshRefused, SessionRefused, usecases
from gatepass.jose import jwt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Auth, LoggedIn, Revocation, Tokens

DAY = 86_400


@pytest.fixture
async def came(auth: Auth) -> LoggedIn:
    return await log_in(auth, now=NOW - 60)


async def refused(auth: Auth, tokens: Tokens, *, now: float) -> str | None:
    try:
        await usecases.check_access_token(auth, token=tokens.access_token, now=now)
    except SessionRefused as error:
        return error.code
    return None


def jti(tokens: Tokens) -> str:
    return str(jwt.peek(tokens.access_token).claims["jti"])


MOMENTS: dict[str, Callable[[Auth, float], Awaitable[Revocation]]] = {
    "a client": lambda auth, now: usecases.revoke_client(auth, client_id="gatepass", actor="cli", now=now),
    "everything": lambda auth, now: usecases.revoke_everything(auth, actor="cli", now=now),
}


@pytest.mark.parametrize("order", MOMENTS.values(), ids=MOMENTS.keys())
async def test_an_order_covers_the_whole_second_it_is_given_in(
    auth: Auth, came: LoggedIn, order: Callable[[Auth, float], Awaitable[Revocation]]
) -> None:
    before = await tokens_for(auth, came, now=NOW - 1)
    same = await tokens_for(auth, came, now=NOW)
    entry = await order(auth, NOW + 0.25)
    late = await tokens_for(auth, came, now=NOW + 0.75)
    after = await tokens_for(auth, came, now=NOW + 1)
    assert entry.below == NOW + 1
    verdicts = [await refused(auth, tokens, now=NOW + 1) for tokens in (before, same, late, after)]
    assert verdicts == ["token_revoked"] * 3 + [None]


async def test_an_order_on_another_client_takes_nothing(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    await usecases.revoke_client(auth, client_id="another", actor="cli", now=NOW)
    await usecases.revoke_token(auth, jti="another", actor="cli", now=NOW)
    assert await refused(auth, tokens, now=NOW) is None


async def test_of_two_orders_the_strictest_counts_in_either_order(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came, now=NOW)
    for moment in (NOW - 50, NOW, NOW - 50):
        await usecases.revoke_everything(auth, actor="cli", now=moment)
    assert await refused(auth, tokens, now=NOW) == "token_revoked"


@pytest.mark.parametrize("form", list(RefreshForm))
@pytest.mark.parametrize("order", MOMENTS.values(), ids=MOMENTS.keys())
async def test_clients_renew_at_once_and_nobody_is_logged_out(
    auth: Auth, came: LoggedIn, form: RefreshForm, order: Callable[[Auth, float], Awaitable[Revocation]]
) -> None:
    tokens = await tokens_for(auth, came, form=form, now=NOW)
    await order(auth, NOW)
    fresh = await next_tokens(auth, tokens, now=NOW + 1)
    assert await refused(auth, fresh, now=NOW + 1) is None
    assert await next_tokens(auth, tokens, now=NOW + 1) == fresh  # the same answer within the grace
    await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW + 1)


async def test_one_token_is_taken_back_and_no_other(auth: Auth, came: LoggedIn) -> None:
    leaked, other = await tokens_for(auth, came), await tokens_for(auth, came)
    entry = await usecases.revoke_token(auth, jti=jti(leaked), actor="cli", now=NOW)
    assert await refused(auth, leaked, now=NOW) == "token_revoked"
    assert await refused(auth, other, now=NOW) is None
    assert await refused(auth, await next_tokens(auth, leaked, now=NOW), now=NOW) is None
    assert entry.forget_after == NOW + 14 * DAY


async def test_a_jwt_that_was_taken_back_renews_nothing_for_as_long_as_it_could(
    auth: Auth, came: LoggedIn
) -> None:
    leaked, other = [await tokens_for(auth, came, form=RefreshForm.RENEWAL) for _ in range(2)]
    await usecases.revoke_token(auth, jti=jti(leaked), actor="cli", now=NOW)
    for moment in (NOW, NOW + 600, NOW + 14 * DAY - 1):
        await usecases.purge(auth, now=moment)
        with pytest.raises(RefreshRefused) as unrenewed:
            await next_tokens(auth, leaked, now=moment)
        assert unrenewed.value.code == "token_revoked"
    await next_tokens(auth, other, now=NOW + 600)  # the twin


@pytest.mark.parametrize("text", ["", "x" * 257, "a\nb", "é"])
async def test_what_no_token_carries_is_no_order(auth: Auth, text: str) -> None:
    with pytest.raises(InvalidInput):
        await usecases.revoke_token(auth, jti=text, actor="cli", now=NOW)
    with pytest.raises(InvalidInput):
        await usecases.revoke_client(auth, client_id=text, actor="cli", now=NOW)
    assert (await auth.store.revocations_after(0, 9)).entries == []


async def test_a_token_of_yesterdays_grants_renews_before_it_expires(auth: Auth, came: LoggedIn) -> None:
    """Services refuse it as stale at once; Auth must not send its holder away as too early."""
    tokens = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    with pytest.raises(RefreshRefused) as early:
        await next_tokens(auth, tokens, now=NOW + 1)
    assert early.value.code == "renewal_too_early"
    await usecases.set_permissions(auth, user_id=came.user.id, permissions=["a:read"], actor="cli", now=NOW)
    fresh = await next_tokens(auth, tokens, now=NOW + 1)
    assert jwt.peek(fresh.access_token).claims["permissions"] == ["a:read"]
    with pytest.raises(RefreshRefused) as again:
        await next_tokens(auth, fresh, now=NOW + 2)
    assert again.value.code == "renewal_too_early"


async def test_a_token_of_a_login_that_is_over_is_refused_for_that_before_it_expires(
    auth: Auth, came: LoggedIn
) -> None:
    """Services refuse it at once; "it still holds" would be untrue, and its holder would try again."""
    tokens = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    with pytest.raises(RefreshRefused) as early:
        await next_tokens(auth, tokens, now=NOW + 1)
    assert early.value.code == "renewal_too_early"
    await usecases.end_session(auth, sid=came.session.sid, actor=came.user, now=NOW)
    with pytest.raises(RefreshRefused) as over:
        await next_tokens(auth, tokens, now=NOW + 1)
    assert over.value.code == "session_ended"


async def test_every_order_is_in_the_event_log_with_who_gave_it(auth: Auth) -> None:
    await usecases.revoke_token(auth, jti="j", actor="cli", now=NOW)
    await usecases.revoke_client(auth, client_id="c", actor="cli", now=NOW)
    await usecases.revoke_everything(auth, actor="cli", now=NOW)
    log = [recorded.event for recorded in await auth.store.events_after(0, 99)]
    given = [(e.actor, e.reason) for e in log if e.kind == "tokens_revoked"]
    assert given == [("cli", "jti j"), ("cli", "client_id c"), ("cli", "all")]
