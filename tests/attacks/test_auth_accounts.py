"""Attacks on accounts: enumeration, look-alike addresses, disabled users. Each with its accepted twin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.auth.house import (
    CLIENT,
    NOW,
    PASSWORD,
    add,
    events,
    log_in,
    next_tokens,
    open_auth,
    passwords_of,
    tokens_for,
)

from gatepass.auth import (
    ADMIN,
    EmailTaken,
    InvalidInput,
    LoginRefused,
    NotPermitted,
    RefreshForm,
    RefreshRefused,
    SessionRefused,
    TooManyAttempts,
    User,
    passwords,
    usecases,
)

if TYPE_CHECKING:
    from gatepass.auth import Auth


@pytest.fixture
async def auth() -> Auth:
    opened = await open_auth(registration_open=True)
    await add(opened)
    await add(opened, "bob@example.org")
    await usecases.disable_user(opened, email="bob@example.org", actor="cli", now=NOW)
    return opened


async def fail(auth: Auth, email: str, password: str) -> tuple[str, str, list[str], tuple[int, int, int]]:
    """What a stranger could tell apart: the answer, and the work that it took."""
    before = (auth.store.lookups, auth.store.commits, len(passwords_of(auth).verified))
    with pytest.raises(LoginRefused) as refused:
        await usecases.log_in(auth, email=email, password=password, client=CLIENT, now=NOW)
    after = (auth.store.lookups, auth.store.commits, len(passwords_of(auth).verified))
    work = (after[0] - before[0], after[1] - before[1], after[2] - before[2])
    return refused.value.code, str(refused.value), (await events(auth))[-1:], work


ENUMERATION = {
    "unknown user": ("eve@example.org", PASSWORD),
    "known user, wrong password": ("ada@example.org", "wrong password"),
    "disabled user, right password": ("bob@example.org", PASSWORD),
    "disabled user, wrong password": ("bob@example.org", "wrong password"),
    "not an address": ("' OR 1=1 --", PASSWORD),
    "known user, password of a megabyte": ("ada@example.org", "x" * 1_000_000),
    "unknown user, password of a megabyte": ("eve@example.org", "x" * 1_000_000),
    "unknown user, no password": ("eve@example.org", ""),
}


async def test_enumeration_every_refusal_looks_and_costs_the_same(auth: Auth) -> None:
    seen = [await fail(auth, *attempt) for attempt in ENUMERATION.values()]
    assert all(one == seen[0] for one in seen)
    await log_in(auth)  # the twin


async def test_enumeration_the_hash_of_an_unknown_user_is_of_the_current_profile() -> None:
    dummy = passwords._dummy(passwords.CURRENT)
    assert not passwords.needs_rehash(dummy)
    real = passwords.hash_password(PASSWORD, entropy=bytes)
    assert dummy.rsplit("$", 2)[0] == real.rsplit("$", 2)[0]
    assert len(dummy) == len(real)


async def test_enumeration_by_being_locked_out_tells_nothing_either(auth: Auth) -> None:
    answers = []
    for email in ("ada@example.org", "eve@example.org", "bob@example.org"):
        for _ in range(10):
            await fail(auth, email, "wrong password")
        with pytest.raises(TooManyAttempts) as refused:
            await usecases.log_in(auth, email=email, password="x", client=CLIENT, now=NOW)
        answers.append((str(refused.value), refused.value.retry_after))
    assert len(set(answers)) == 1


LOOK_ALIKE = {
    "other case": "ADA@EXAMPLE.ORG",
    "full width": "ａｄａ@example.org",
    "full-width at": "ada＠example.org",
    "mathematical letters": "𝒶𝒹𝒶@example.org",
    "circled letters": "ⓐⓓⓐ@example.org",
    "other spelling of the domain": "ada@ｅxample。org",
    "space around": "\tada@example.org ",
}


@pytest.mark.parametrize("email", LOOK_ALIKE.values(), ids=LOOK_ALIKE.keys())
async def test_an_address_that_is_the_same_after_normalisation_is_taken(auth: Auth, email: str) -> None:
    assert (await log_in(auth, email)).user.email == "ada@example.org"
    with pytest.raises(EmailTaken):
        await add(auth, email)
    before = len(await auth.store.users_page(None, 10))
    for added, address in ((0, email), (1, "other@example.org")):  # the twin
        await register(auth, address)
        assert len(await auth.store.users_page(None, 10)) == before + added


NOT_THE_SAME = {
    "dotless i is another letter": ("ali@example.org", "al\u0131@example.org"),
    "Cyrillic a is another letter": ("ada@example.org", "\u0430da@example.org"),
    "a dot is a character": ("ada@example.org", "a.da@example.org"),
}


@pytest.mark.parametrize("pair", NOT_THE_SAME.values(), ids=NOT_THE_SAME.keys())
async def test_an_address_that_only_looks_the_same_opens_nothing(pair: tuple[str, str]) -> None:
    auth = await open_auth()
    await add(auth, pair[0])
    await log_in(auth, pair[0])  # the twin
    with pytest.raises(LoginRefused):
        await log_in(auth, pair[1])


INVISIBLE = {
    "zero width": "ada\u200b@example.org",
    "soft hyphen": "a\u00adda@example.org",
    "variation selector": "ada\ufe0f@example.org",
    "grapheme joiner": "ada\u034f@example.org",
    "right to left": "\u202eada@example.org",
    "tag characters": "ada\U000e0061@example.org",
    "hangul filler": "ada\u3164@example.org",
}


@pytest.mark.parametrize("email", INVISIBLE.values(), ids=INVISIBLE.keys())
async def test_an_address_with_something_invisible_is_no_address(auth: Auth, email: str) -> None:
    with pytest.raises(InvalidInput):
        await register(auth, email)


async def register(auth: Auth, email: str) -> None:
    await usecases.register(auth, email=email, first_name="Eve", last_name="Nobody", client=CLIENT, now=NOW)


@pytest.mark.parametrize("form", list(RefreshForm))
async def test_a_disabled_user_has_nothing_that_works_cve_2024_22513(auth: Auth, form: RefreshForm) -> None:
    came = await log_in(auth)
    tokens = await tokens_for(auth, came, form=form)
    fresh = await tokens_for(auth, came, form=form)

    async def try_all(now: float) -> list[str]:
        session_id = came.session_id.reveal()
        uses: dict[str, Any] = {
            "session": usecases.check_session(auth, session_id=session_id, now=now),
            "token": usecases.check_access_token(auth, token=fresh.access_token, now=now),
            "issue": tokens_for(auth, came, now=now),
            "log in": log_in(auth, now=now),
            "refresh": next_tokens(auth, tokens, now=now),
        }
        works = []
        for name, use in uses.items():
            try:
                await use
            except (SessionRefused, RefreshRefused, LoginRefused):
                continue
            works.append(name)
        return works

    assert await try_all(NOW + 590) == ["session", "token", "issue", "log in", "refresh"]  # the twin
    await usecases.disable_user(auth, email="ada@example.org", actor="cli", now=NOW + 591)
    tokens = fresh
    assert await try_all(NOW + 592) == []


async def test_an_administrator_cannot_make_another_one(auth: Auth) -> None:
    root = await add(auth, "root@example.org", permissions=[ADMIN])

    async def make(permissions: list[str], actor: Any) -> User:
        return await usecases.add_user(
            auth,
            email="new@example.org",
            password=PASSWORD,
            first_name="New",
            last_name="User",
            permissions=permissions,
            actor=actor,
            now=NOW,
        )

    with pytest.raises(NotPermitted):
        await make([ADMIN], root)
    with pytest.raises(NotPermitted):
        await make([], (await log_in(auth)).user)
    assert (await make([ADMIN], "cli")).granted == {ADMIN}  # the twin
