"""Tokens that Auth verified before: what is remembered of them, and what is asked anew each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import NOW, tokens_for

from gatepass.auth import SessionRefused, usecases, verified
from gatepass.jose import jwt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Auth, LoggedIn


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signature was looked at."""
    looked: list[str] = []
    verify = jwt.verify

    def noted(token: str, *values: object, **named: object) -> object:
        looked.append(token)
        return verify(token, *values, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(jwt, "verify", noted)
    return looked


async def refused(auth: Auth, token: str, *, now: float) -> str | None:
    try:
        await usecases.check_access_token(auth, token=token, now=now)
    except SessionRefused as error:
        return error.code
    return None


async def test_the_signature_of_a_token_is_looked_at_once(
    auth: Auth, came: LoggedIn, signatures: list[str]
) -> None:
    token = (await tokens_for(auth, came, now=NOW)).access_token
    first = await usecases.check_access_token(auth, token=token, now=NOW)
    assert await usecases.check_access_token(auth, token=token, now=NOW + 1) == first
    assert signatures == [token]


async def _ended(auth: Auth, came: LoggedIn, token: str) -> None:
    await usecases.log_out(auth, session=came.session, actor="cli", now=NOW)


async def _ordered(auth: Auth, came: LoggedIn, token: str) -> None:
    jti = str(jwt.peek(token).claims["jti"])
    await usecases.revoke_token(auth, jti=jti, actor="cli", now=NOW)


async def _key_revoked(auth: Auth, came: LoggedIn, token: str) -> None:
    kid = str(jwt.peek(token).header["kid"])
    await usecases.revoke_key(auth, kid=kid, now=NOW)


@pytest.mark.parametrize("happens", [_ended, _ordered, _key_revoked])
async def test_a_token_seen_before_is_taken_back_like_any_other(
    auth: Auth, came: LoggedIn, happens: Callable[[Auth, LoggedIn, str], Awaitable[None]]
) -> None:
    token = (await tokens_for(auth, came, now=NOW)).access_token
    await usecases.check_access_token(auth, token=token, now=NOW)  # the twin
    await happens(auth, came, token)
    assert await refused(auth, token, now=NOW) is not None


async def test_a_token_seen_before_ends_to_the_second(auth: Auth, came: LoggedIn) -> None:
    token = (await tokens_for(auth, came, now=NOW)).access_token
    ends = jwt.peek(token).claims["exp"]
    await usecases.check_access_token(auth, token=token, now=ends - 1)
    assert await refused(auth, token, now=ends) == "token_invalid"


async def test_another_text_of_a_token_seen_before_is_none(auth: Auth, came: LoggedIn) -> None:
    token = (await tokens_for(auth, came, now=NOW)).access_token
    await usecases.check_access_token(auth, token=token, now=NOW)
    for other in (token + "=", token[:-1], token.swapcase()):
        assert await refused(auth, other, now=NOW) == "token_invalid"


async def test_other_keys_begin_with_nothing_remembered(
    auth: Auth, came: LoggedIn, signatures: list[str]
) -> None:
    token = (await tokens_for(auth, came, now=NOW)).access_token
    await usecases.check_access_token(auth, token=token, now=NOW)
    await usecases.keep_keys(auth, now=NOW)
    await usecases.check_access_token(auth, token=token, now=NOW)
    assert signatures == [token, token]


async def test_the_oldest_makes_room(
    auth: Auth, came: LoggedIn, signatures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified, "MOST_KEPT", 2)
    tokens = [(await tokens_for(auth, came, now=NOW)).access_token for _ in range(3)]
    for token in [*tokens, tokens[2], tokens[1], tokens[0]]:
        await usecases.check_access_token(auth, token=token, now=NOW)
    assert signatures == [*tokens, tokens[0]]
