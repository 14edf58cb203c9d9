"""Orders: what was taken back by what stands in tokens is found by it, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import NOW, session, user

from gatepass.auth import Revocation, Revoked, SessionStarted, UserAdded
from gatepass.oauth import Selects

if TYPE_CHECKING:
    from gatepass.auth import Store

ASKED = {"jti": "jti-one", "client_id": "gatepass", "kid": "k1"}


def order(selects: Selects, value: str, user_id: str | None = None) -> Revocation:
    return Revocation(selects, value, int(NOW), int(NOW) + 60, user_id)


MEANT = {
    "the token": order(Selects.JTI, "jti-one"),
    "its client": order(Selects.CLIENT_ID, "gatepass"),
    "its key": order(Selects.KID, "k1"),
    "every token": order(Selects.ALL, ""),
}
OTHERS = {
    "another token": order(Selects.JTI, "jti-two"),
    "a token named as the client": order(Selects.JTI, "gatepass"),
    "a client named as the key": order(Selects.CLIENT_ID, "k1"),
    "a key named as the token": order(Selects.KID, "jti-one"),
    "another spelling": order(Selects.JTI, "JTI-ONE"),
    "a session": order(Selects.SID, "jti-one", "user-ada"),
    "a user": order(Selects.SUB, "gatepass", "user-ada"),
}


@pytest.mark.parametrize("meant", MEANT.values(), ids=MEANT.keys())
async def test_an_order_is_found_by_what_it_names(store: Store, meant: Revocation) -> None:
    await store.commit(*map(Revoked, OTHERS.values()))
    assert await store.orders_on(**ASKED) == []
    await store.commit(Revoked(meant))
    assert await store.orders_on(**ASKED) == [meant]


async def test_a_session_comes_with_the_orders_on_its_token_in_one_look_up(store: Store) -> None:
    ada, started = user(), session()
    await store.commit(UserAdded(ada, None), SessionStarted(started), *map(Revoked, OTHERS.values()))
    before = store.lookups
    assert await store.session_and_orders(started.sid, **ASKED) == ((started, ada), [])
    assert store.lookups == before + 1
    await store.commit(*map(Revoked, MEANT.values()))
    assert await store.session_and_orders(started.sid, **ASKED) == ((started, ada), [*MEANT.values()])
    assert await store.session_and_orders("sid-other", **ASKED) == (None, [*MEANT.values()])


async def test_all_that_name_it_are_found_in_the_order_of_their_places(store: Store) -> None:
    given = [*MEANT.values(), order(Selects.ALL, "")]
    await store.commit(*map(Revoked, reversed(given)))
    assert await store.orders_on(**ASKED) == given[::-1]
