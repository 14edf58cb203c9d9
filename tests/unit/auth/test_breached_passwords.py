"""What was in a breach is refused wherever a password is chosen, in the same words as the commonest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import CLIENT, NOW, PASSWORD, MailBox, add, log_in, open_auth, passwords_of

from gatepass.auth import CheckedSession, InvalidInput, usecases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Auth

LOST = "stapled horse battery"
NEVER_LOST = "stapled horse batteries"
COMMON = "1234567890"


class Lost:
    """The port, of one password."""

    async def has(self, password: str) -> bool:
        return password == LOST


async def register(auth: Auth, password: str) -> None:
    box = MailBox()
    await usecases.register(
        auth, email="eve@example.org", first_name="Eve", last_name="Lee", client=CLIENT, now=NOW
    )
    await box.collect(auth, now=NOW)
    await usecases.set_password(auth, link=box.link(), password=password, client=CLIENT, now=NOW)


async def add_by_hand(auth: Auth, password: str) -> None:
    await usecases.add_user(
        auth,
        email="eve@example.org",
        password=password,
        first_name="Eve",
        last_name="Lee",
        actor="cli",
        now=NOW,
    )


async def change(auth: Auth, password: str) -> None:
    came = await log_in(auth)
    checked = CheckedSession(came.session, came.user)
    await usecases.change_password(
        auth, checked=checked, current=PASSWORD, new=password, client=CLIENT, now=NOW
    )


async def reset(auth: Auth, password: str) -> None:
    box = MailBox()
    await usecases.ask_reset(auth, email="ada@example.org", client=CLIENT, now=NOW)
    await box.collect(auth, now=NOW)
    await usecases.set_password(auth, link=box.link(), password=password, client=CLIENT, now=NOW)


DOORS: dict[str, Callable[[Auth, str], Awaitable[None]]] = {
    "registration": register,
    "the command line": add_by_hand,
    "a change": change,
    "a one-time link": reset,
}


@pytest.mark.parametrize("choose", DOORS.values(), ids=DOORS.keys())
async def test_it_is_refused_as_the_commonest_are(choose: Callable[[Auth, str], Awaitable[None]]) -> None:
    auth = replace(await open_auth(registration_open=True), breaches=Lost())
    await add(auth)
    words: list[tuple[str, str]] = []
    for password in (LOST, COMMON):
        hashed = passwords_of(auth).hashed
        with pytest.raises(InvalidInput) as refused:
            await choose(auth, password)
        words.append((refused.value.field, refused.value.reason))
        assert passwords_of(auth).hashed == hashed
    assert words[0] == words[1]
    await choose(auth, NEVER_LOST)


async def test_without_such_a_list_it_is_a_password_like_others() -> None:
    auth = await open_auth()
    await add_by_hand(auth, LOST)
