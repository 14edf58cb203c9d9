"""What is kept of one-time links and of mails that wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import NOW, digest, fill, link, mail, user
from tests.unit.auth.house import CLIENT, MailBox, add, events, make_auth

from gatepass.auth import (
    Conflict,
    LinkIssued,
    LinkRefused,
    LinkUsed,
    MailDropped,
    MailQueued,
    MailTaken,
    Purged,
    Purpose,
    UserAdded,
    UserDeleted,
    usecases,
)

if TYPE_CHECKING:
    from gatepass.auth import Store

ADA = user(roles=frozenset({"doctor"}))


async def test_a_new_link_takes_the_place_of_the_old_one_of_its_purpose(store: Store) -> None:
    await fill(store)
    await store.commit(LinkIssued(link("email", purpose=Purpose.EMAIL, email="new@example.org")))
    newer = link("newer", email="a@example.org", epoch=4, ends_at=NOW + 900)
    await store.commit(LinkIssued(newer))
    assert await store.link_by_hash(digest("link")) is None
    assert await store.link_by_hash(digest("newer")) == (newer, ADA)
    assert await store.link_by_hash(digest("email")) is not None


async def test_of_twenty_uses_at_once_one_is_served(store: Store) -> None:
    await fill(store)
    tries = [store.commit(LinkUsed(digest("link"))) for _ in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(Conflict) == 19
    assert await store.link_by_hash(digest("link")) is None


async def test_a_mail_is_tried_by_one_and_comes_again_later(store: Store) -> None:
    await fill(store)
    tries = [store.commit(MailTaken("mail-one", NOW, NOW + 60)) for _ in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(Conflict) == 19
    assert await store.mails_due(NOW + 59, 10) == []
    assert await store.mails_due(NOW + 60, 10) == [(mail(next_at=NOW + 60, tries=1), ADA)]
    await store.commit(MailDropped("mail-one"))
    assert await store.mails_due(NOW + 900, 10) == []


async def test_mails_come_in_the_order_in_which_they_are_due(store: Store) -> None:
    await fill(store)
    await store.commit(
        MailQueued(mail("late", next_at=NOW + 2)),
        MailQueued(mail("early", next_at=NOW - 2, user_id=None)),
    )
    assert await store.mails_due(NOW + 1, 10) == [
        (mail("early", next_at=NOW - 2, user_id=None), None),
        (mail(), ADA),
    ]
    assert len(await store.mails_due(NOW + 2, 2)) == 2


async def test_links_and_mails_go_with_their_user(store: Store) -> None:
    await fill(store)
    await store.commit(
        UserAdded(user("bob"), None),
        LinkIssued(link("bob", user_id="user-bob")),
        MailQueued(mail("nobody", user_id=None)),
    )
    await store.commit(UserDeleted("user-ada", 3))
    assert await store.link_by_hash(digest("link")) is None
    assert [found.id for found, _ in await store.mails_due(NOW, 10)] == ["mail-nobody"]
    assert await store.link_by_hash(digest("bob")) is not None


async def test_what_ended_is_purged_and_no_more(store: Store) -> None:
    await fill(store)
    await store.commit(
        LinkIssued(link("later", purpose=Purpose.EMAIL, ends_at=NOW + 601)),
        MailQueued(mail("later", ends_at=NOW + 601)),
    )
    early, late = (Purged(NOW + after, NOW, NOW, NOW, 10) for after in (599, 600))
    assert not await store.purgeable(early)
    assert await store.purgeable(late)
    await store.commit(late)
    assert not await store.purgeable(late)
    assert await store.link_by_hash(digest("link")) is None
    assert await store.link_by_hash(digest("later")) is not None
    assert [found.id for found, _ in await store.mails_due(NOW, 10)] == ["mail-later"]


async def test_who_has_no_password_yet_has_none(store: Store) -> None:
    await store.commit(UserAdded(user(), None))
    assert await store.credentials_by_email("ada@example.org") == (user(), None)
    with pytest.raises(Conflict):
        await store.commit(UserAdded(user(), "h"))


async def test_of_twenty_people_with_one_link_one_sets_the_password(store: Store) -> None:
    auth, box = make_auth(store), MailBox()
    await add(auth)
    await usecases.ask_reset(auth, email="ada@example.org", client=CLIENT, now=NOW)
    await box.collect(auth, now=NOW)
    tries = [
        usecases.set_password(
            auth, link=box.link(), password=f"four words {i} together", client=CLIENT, now=NOW
        )
        for i in range(20)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(LinkRefused) == 19
    assert (await events(auth)).count("password_set") == 1
    user = await store.user_by_email("ada@example.org")
    assert user is not None
    assert user.revoked_below == 1  # one cut, not twenty
