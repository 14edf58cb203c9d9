"""Mails wait in the queue, are tried again, and leave once."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import CLIENT, NOW, MailBox, add, events, open_auth
from tests.unit.auth.linking import ask, invite, set_password

from gatepass.auth import MailFailed, MailRefused, mails, usecases

if TYPE_CHECKING:
    from gatepass.auth import Auth, Letter


@pytest.fixture
async def auth() -> Auth:
    return await open_auth()


async def test_a_mail_that_fails_comes_again_later_and_is_given_up_with_its_link(
    auth: Auth, box: MailBox
) -> None:
    await add(auth)
    await usecases.ask_reset(auth, email="ada@example.org", client=CLIENT, now=NOW)
    box.failure = MailFailed("down")
    tried = [now for now in range(601) if await usecases.send_mail(auth, box, now=NOW + now)]
    assert tried == [0, 60, 180, 420]
    await usecases.purge(auth, now=NOW + 600)
    assert await auth.store.mails_due(NOW + 9_999, 10) == []
    box.failure = None
    await ask(auth, box, now=NOW + 600)  # the twin: it works again
    await set_password(auth, box.link(), now=NOW + 600)


async def test_a_mail_that_is_refused_is_not_tried_again(auth: Auth, box: MailBox) -> None:
    await add(auth)
    await usecases.ask_reset(auth, email="ada@example.org", client=CLIENT, now=NOW)
    box.failure = MailRefused("no such mailbox")
    await box.collect(auth, now=NOW)
    assert await auth.store.mails_due(NOW + 9_999, 10) == []
    assert (await events(auth))[-1] == "mail_refused"


async def test_behind_slow_mails_each_is_taken_when_its_own_turn_comes(auth: Auth, box: MailBox) -> None:
    for name in "abc":
        await invite(auth, f"{name}@example.org")

    class Slow:
        now = NOW

        async def send(self, letter: Letter) -> None:
            self.now += 50
            due = await auth.store.mails_due(self.now, 10)
            assert letter.to not in {mail.email for mail, _ in due}  # nobody else begins it meanwhile
            await box.send(letter)

    slow = Slow()
    while await usecases.send_mail(auth, slow, now=slow.now):
        pass
    assert len(box.letters) == 3


async def test_two_who_send_at_once_send_once(auth: Auth, box: MailBox) -> None:
    await add(auth)
    await usecases.ask_reset(auth, email="ada@example.org", client=CLIENT, now=NOW)
    await asyncio.gather(*(usecases.send_mail(auth, box, now=NOW) for _ in range(5)))
    assert len(box.letters) == 1


async def test_words_are_all_ours_and_links_begin_with_the_issuer(auth: Auth, box: MailBox) -> None:
    await add(auth)
    await ask(auth, box)
    assert "\nhttps://login.example.org/set-password?link=gpl_" in box.letters[-1].text
    terms = auth.terms
    for kind in mails.MailKind:
        mail = mails.queued(kind, None, email="ada@example.org", mail_id="m", terms=terms, now=NOW)
        letter = mails.letter(mail, secret=None, terms=terms)
        assert re.fullmatch(r"[ -~]+", letter.subject)
        assert "{" not in letter.text
        assert all(len(line) <= 998 for line in letter.text.splitlines())  # RFC 5322 §2.1.1
