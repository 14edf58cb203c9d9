"""One-time links: the table of their life, and what can be done with one."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.auth.house import CLIENT, NOW, PASSWORD, MailBox, add, events, log_in, open_auth, passwords_of
from tests.unit.auth.linking import NEW, ask, change_email, change_password, entered, invite, set_password

from gatepass.auth import (
    EmailTaken,
    InvalidInput,
    LinkRefused,
    LinkSecret,
    LoginRefused,
    NotPermitted,
    SessionRefused,
    TooManyAttempts,
    UserStatus,
    links,
    usecases,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Auth


@pytest.fixture
async def auth() -> Auth:
    return await open_auth()


def test_the_table_is_total() -> None:
    assert set(links.TRANSITIONS) == {(state, event) for state in links.State for event in links.Event}


def test_only_an_open_link_is_accepted_and_never_twice() -> None:
    for (state, event), (after, effect) in links.TRANSITIONS.items():
        accepted = effect is links.Effect.ACCEPT_ONCE
        assert accepted == ((state, event) == (links.State.OPEN, links.Event.PRESENTED))
        assert not accepted or after is links.State.GONE


async def test_an_invited_user_chooses_the_password_and_comes_in(auth: Auth, box: MailBox) -> None:
    invited = await invite(auth)
    assert invited.status is UserStatus.INVITED
    await box.collect(auth, now=NOW)
    assert [letter.to for letter in box.letters] == ["bob@example.org"]
    after = await set_password(auth, box.link(), now=NOW + 3 * 86_400 - 1)
    assert after.status is UserStatus.ACTIVE
    came = await usecases.log_in(
        auth, email="bob@example.org", password=NEW, client=CLIENT, now=NOW + 3 * 86_400
    )
    assert came.user.id == invited.id
    assert (await events(auth))[1:] == ["user_invited", "mail_sent", "password_set", "logged_in"]


@pytest.mark.parametrize("password", ["", "-", "nobody", PASSWORD])
async def test_an_invited_user_cannot_log_in_before_and_costs_the_same_work(
    auth: Auth, password: str
) -> None:
    await invite(auth)
    with pytest.raises(LoginRefused):
        await usecases.log_in(auth, email="bob@example.org", password=password, client=CLIENT, now=NOW)
    with pytest.raises(LoginRefused):  # the twin: nobody at all
        await usecases.log_in(auth, email="eve@example.org", password=password, client=CLIENT, now=NOW)
    assert passwords_of(auth).verified == [None, None]


async def test_an_administrator_invites_but_makes_no_administrators(auth: Auth) -> None:
    root = await add(auth, "root@example.org", permissions=["gatepass:admin"])
    with pytest.raises(NotPermitted):
        await invite(auth, permissions=["gatepass:admin"], actor=root)
    assert (await invite(auth, permissions=["a:read"], actor=root)).granted == {"a:read"}
    with pytest.raises(EmailTaken):
        await invite(auth, actor=root)
    with pytest.raises(NotPermitted):
        await invite(auth, "eve@example.org", actor=await add(auth))


async def test_inviting_again_replaces_the_link_and_sends_nothing_to_who_has_a_password(
    auth: Auth, box: MailBox
) -> None:
    await invite(auth)
    await box.collect(auth, now=NOW)
    first = box.link()
    await usecases.invite_again(auth, email="bob@example.org", actor="cli", now=NOW)
    await box.collect(auth, now=NOW)
    with pytest.raises(LinkRefused, match="used, replaced"):
        await set_password(auth, first)
    await set_password(auth, box.link())
    await usecases.invite_again(auth, email="bob@example.org", actor="cli", now=NOW)
    assert not await usecases.send_mail(auth, box, now=NOW)


async def test_enabling_lets_no_invited_user_in(auth: Auth) -> None:
    await invite(auth)
    assert (
        await usecases.enable_user(auth, email="bob@example.org", actor="cli", now=NOW)
    ).status is UserStatus.INVITED


async def test_who_was_disabled_before_choosing_a_password_is_invited_again(auth: Auth, box: MailBox) -> None:
    bob = await invite(auth)
    await usecases.disable_user(auth, user_id=bob.id, actor="cli", now=NOW)
    enabled = await usecases.enable_user(auth, user_id=bob.id, actor="cli", now=NOW)
    assert enabled.status is UserStatus.INVITED
    await usecases.invite_again(auth, user_id=bob.id, actor="cli", now=NOW)
    await box.collect(auth, now=NOW)
    assert (await set_password(auth, box.link())).status is UserStatus.ACTIVE


async def test_a_reset_ends_every_session_and_logs_nobody_in(auth: Auth, box: MailBox) -> None:
    user = await add(auth)
    came = await log_in(auth)
    head = (await auth.store.revocations_after(0, 10)).head
    after = await set_password(auth, await ask(auth, box))
    assert after.revoked_below == user.epoch + 1
    assert (await auth.store.revocations_after(head, 10)).entries[0].revocation.below == after.revoked_below
    with pytest.raises(SessionRefused):
        await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)
    assert await usecases.list_sessions(auth, user_id=user.id, now=NOW) == []
    with pytest.raises(LoginRefused):
        await log_in(auth)
    await entered(auth, password=NEW)
    await box.collect(auth, now=NOW)
    assert box.letters[-1].subject == "Your password at clinic has changed"


async def test_a_changed_password_is_told_to_the_mailbox_too(auth: Auth, box: MailBox) -> None:
    await add(auth)
    await usecases.change_password(
        auth, checked=await entered(auth), current=PASSWORD, new=NEW, client=CLIENT, now=NOW
    )
    await box.collect(auth, now=NOW)
    assert [(letter.to, letter.subject) for letter in box.letters] == [
        ("ada@example.org", "Your password at clinic has changed")
    ]


async def test_the_answer_and_the_work_are_the_same_whoever_has_the_address(auth: Auth) -> None:
    await add(auth)
    await add(auth, "off@example.org")
    await usecases.disable_user(auth, email="off@example.org", actor="cli", now=NOW)
    work = set()
    for email in ("ada@example.org", "off@example.org", "eve@example.org", "no address"):
        before = (auth.store.lookups, auth.store.commits)
        await usecases.ask_reset(auth, email=email, client=CLIENT, now=NOW)
        work.add((auth.store.lookups - before[0], auth.store.commits - before[1]))
    assert work == {(1, 2)}
    assert len(await auth.store.mails_due(NOW, 10)) == 4  # of which one has a reader
    box = MailBox()
    await box.collect(auth, now=NOW)
    assert [letter.to for letter in box.letters] == ["ada@example.org"]
    assert await auth.store.mails_due(NOW + 3_600, 10) == []


@pytest.mark.parametrize("email", ["ada@example.org", "eve@example.org", "no address"])
async def test_nobody_can_fill_a_mailbox(auth: Auth, email: str) -> None:
    await add(auth)
    for _ in range(5):
        await usecases.ask_reset(auth, email=email, client=CLIENT, now=NOW)
    with pytest.raises(TooManyAttempts) as refused:
        await usecases.ask_reset(auth, email=email, client=CLIENT, now=NOW)
    assert refused.value.retry_after == 720
    await log_in(auth)  # the account itself is not throttled by it


async def disable(auth: Auth) -> None:
    await usecases.disable_user(auth, email="ada@example.org", actor="cli", now=NOW)


async def disable_and_enable(auth: Auth) -> None:
    await disable(auth)
    await usecases.enable_user(auth, email="ada@example.org", actor="cli", now=NOW)


async def delete(auth: Auth) -> None:
    await usecases.delete_user(auth, email="ada@example.org", actor="cli", now=NOW)


async def move_away(auth: Auth) -> None:
    await usecases.edit_user(auth, email="ada@example.org", new_email="a@example.org", actor="cli", now=NOW)


async def ask_again(auth: Auth) -> None:
    await ask(auth, MailBox())


KILLS: dict[str, tuple[Callable[[Auth], Awaitable[None]], str]] = {
    "disabled": (disable, "user_disabled"),
    "disabled and enabled again": (disable_and_enable, "link_revoked"),
    "deleted": (delete, "link_unknown"),
    "another password": (change_password, "link_revoked"),
    "another mailbox": (move_away, "link_elsewhere"),
    "a newer link": (ask_again, "link_unknown"),
}


@pytest.mark.parametrize(("happen", "code"), KILLS.values(), ids=KILLS.keys())
async def test_what_kills_a_link(
    auth: Auth, box: MailBox, happen: Callable[[Auth], Awaitable[None]], code: str
) -> None:
    await add(auth)
    link = await ask(auth, box)
    await usecases.look_at_link(auth, link=link, now=NOW)  # the twin: it was good
    await happen(auth)
    with pytest.raises(LinkRefused) as refused:
        await set_password(auth, link)
    assert refused.value.code == code


async def test_what_changes_nothing_of_it_leaves_a_link_alive(auth: Auth, box: MailBox) -> None:
    await add(auth)
    link = await ask(auth, box)
    await usecases.set_permissions(auth, email="ada@example.org", permissions=["a:b"], actor="cli", now=NOW)
    with pytest.raises(InvalidInput):
        await set_password(auth, link, "password1")
    await set_password(auth, link, now=NOW + 599)


@pytest.mark.parametrize(
    ("link", "code"),
    {
        "nothing": ("", "link_malformed"),
        "a session id": ("gps_" + "A" * 43, "link_malformed"),
        "cut short": ("gpl_" + "A" * 42, "link_malformed"),
        "never sent": ("gpl_" + "A" * 43, "link_unknown"),
    }.values(),
)
async def test_no_link_at_all_hashes_nothing(auth: Auth, link: str, code: str) -> None:
    with pytest.raises(LinkRefused) as refused:
        await set_password(auth, link)
    assert refused.value.code == code
    assert passwords_of(auth).hashed == 0


async def test_who_guesses_links_must_wait(auth: Auth, box: MailBox) -> None:
    await add(auth)
    good = await ask(auth, box)
    for _ in range(auth.terms.address_limit.attempts - 1):  # the mail that was asked for counts too
        with pytest.raises(LinkRefused):
            await set_password(auth, LinkSecret.new(os.urandom).reveal())
    with pytest.raises(TooManyAttempts):
        await set_password(auth, good)
    await set_password(auth, good, now=NOW + 10)


async def test_looking_at_a_dead_link_leaves_no_line(auth: Auth, box: MailBox) -> None:
    await add(auth)
    link = await ask(auth, box)
    before = await events(auth)
    for _ in range(3):
        with pytest.raises(LinkRefused):
            await usecases.look_at_link(auth, link=link, now=NOW + 600)
    assert await events(auth) == before
    with pytest.raises(LinkRefused):  # the twin: using it is charged, and told
        await set_password(auth, link, now=NOW + 600)
    assert await events(auth) == [*before, "link_refused"]


async def test_a_link_ends_after_ten_minutes_and_is_good_once(auth: Auth, box: MailBox) -> None:
    await add(auth)
    link = await ask(auth, box)
    with pytest.raises(LinkRefused, match="reached its end"):
        await set_password(auth, link, now=NOW + 600)
    await set_password(auth, link, now=NOW + 599)
    with pytest.raises(LinkRefused):
        await set_password(auth, link, now=NOW + 599)


async def test_of_twenty_uses_at_once_one_sets_the_password(auth: Auth, box: MailBox) -> None:
    await add(auth)
    link = await ask(auth, box)
    tries = [set_password(auth, link, f"{NEW} {number}") for number in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(LinkRefused) == 19
    assert (await events(auth)).count("password_set") == 1


async def test_a_link_of_one_purpose_is_good_for_no_other(auth: Auth, box: MailBox) -> None:
    await add(auth)
    reset = await ask(auth, box)
    await change_email(auth, await entered(auth), "new@example.org")
    await box.collect(auth, now=NOW)
    confirm = next(letter for letter in box.letters if letter.to == "new@example.org")
    secret = confirm.text.partition("?link=")[2].split()[0]
    with pytest.raises(LinkRefused, match="something else"):
        await set_password(auth, secret)
    with pytest.raises(LinkRefused, match="something else"):
        await usecases.confirm_email(auth, link=reset, client=CLIENT, now=NOW)
    await usecases.confirm_email(auth, link=secret, client=CLIENT, now=NOW)  # the twin: each for its own


async def test_the_database_never_holds_the_secret_and_no_repr_shows_it(auth: Auth, box: MailBox) -> None:
    await add(auth)
    secret = await ask(auth, box)
    parsed = LinkSecret.parse(secret)
    assert parsed is not None
    found = await auth.store.link_by_hash(parsed.hash())
    kept = msgspec.json.encode([found, await auth.store.events_after(0, 99)])
    assert secret.encode() not in kept
    assert secret not in repr([box.letters, parsed])
