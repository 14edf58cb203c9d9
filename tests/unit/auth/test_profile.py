"""Other names and another e-mail address: one's own, and those an administrator gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import CLIENT, NOW, PASSWORD, MailBox, add, open_auth
from tests.unit.auth.linking import change_email, change_password, entered, invite, set_password

from gatepass.auth import EmailTaken, LinkRefused, NotPermitted, PasswordRefused, TooManyAttempts, usecases

if TYPE_CHECKING:
    from gatepass.auth import Auth


@pytest.fixture
async def auth() -> Auth:
    return await open_auth()


async def test_an_address_changes_when_the_new_mailbox_has_answered(auth: Auth, box: MailBox) -> None:
    user = await add(auth)
    await change_email(auth, await entered(auth), " New@Example.org ")
    await box.collect(auth, now=NOW)
    assert {letter.to for letter in box.letters} == {"ada@example.org", "new@example.org"}
    assert await auth.store.user_by_email("new@example.org") is None
    to_new = next(letter for letter in box.letters if letter.to == "new@example.org")
    to_old = next(letter for letter in box.letters if letter.to == "ada@example.org")
    assert "new@example.org" not in to_old.text
    assert "?link=" not in to_old.text
    secret = to_new.text.partition("?link=")[2].split()[0]
    assert await usecases.look_at_address(auth, link=secret, now=NOW) == "new@example.org"
    after = await usecases.confirm_email(auth, link=secret, client=CLIENT, now=NOW)
    assert (after.email, after.epoch, after.revoked_below) == ("new@example.org", user.epoch + 1, 0)
    entry = (await auth.store.revocations_after(0, 10)).entries[-1].revocation
    assert (entry.selects.value, entry.below) == ("changed", after.epoch)
    await box.collect(auth, now=NOW)
    assert box.letters[-1].to == "ada@example.org"


async def test_who_has_an_address_hears_that_somebody_asked_for_it(auth: Auth, box: MailBox) -> None:
    await add(auth)
    bob = await add(auth, "bob@example.org")
    before = auth.store.lookups, auth.store.commits
    await change_email(auth, await entered(auth), "Bob@Example.org")
    taken = auth.store.lookups - before[0], auth.store.commits - before[1]
    await box.collect(auth, now=NOW)
    assert {letter.to for letter in box.letters} == {"ada@example.org", "bob@example.org"}
    to_bob = next(letter for letter in box.letters if letter.to == "bob@example.org")
    assert "you have an account with it already" in to_bob.text
    assert "?link=" not in to_bob.text
    assert "ada" not in to_bob.text.lower()
    sent = [recorded.event for recorded in await auth.store.events_after(0, 100)]
    assert [event.user_id for event in sent if event.reason == "address_asked"] == [bob.id]
    before = auth.store.lookups, auth.store.commits
    await change_email(
        auth, await entered(auth), "new@example.org"
    )  # the twin: the same work, and a mail too
    assert (auth.store.lookups - before[0], auth.store.commits - before[1]) == taken
    await box.collect(auth, now=NOW)
    assert [letter.to for letter in box.letters].count("new@example.org") == 1


@pytest.mark.parametrize("holder", ["oneself", "disabled"])
async def test_an_address_of_ones_own_or_of_nobody_who_can_log_in_gets_no_mail(
    auth: Auth, box: MailBox, holder: str
) -> None:
    await add(auth)
    await add(auth, "bob@example.org")
    await usecases.disable_user(auth, email="bob@example.org", actor="cli", now=NOW)
    wanted = "ada@example.org" if holder == "oneself" else "bob@example.org"
    await change_email(auth, await entered(auth), wanted)
    await box.collect(auth, now=NOW)
    assert ["about to change" in letter.subject for letter in box.letters] == [True]


async def test_an_address_that_is_taken_meanwhile_is_lost(auth: Auth, box: MailBox) -> None:
    await add(auth)
    await change_email(auth, await entered(auth), "new@example.org")
    await box.collect(auth, now=NOW)
    to_new = next(letter for letter in box.letters if letter.to == "new@example.org")
    await add(auth, "new@example.org")
    secret = to_new.text.partition("?link=")[2].split()[0]
    with pytest.raises(LinkRefused) as refused:
        await usecases.confirm_email(auth, link=secret, client=CLIENT, now=NOW)
    assert refused.value.code == "link_beaten"


async def test_another_password_stops_a_change_of_address(auth: Auth, box: MailBox) -> None:
    await add(auth)
    await change_email(auth, await entered(auth), "new@example.org")
    await change_password(auth)
    await box.collect(auth, now=NOW)
    assert [letter.to for letter in box.letters] == ["ada@example.org", "ada@example.org"]


async def test_names_change_at_once_with_the_password(auth: Auth) -> None:
    user = await add(auth)
    checked = await entered(auth)
    with pytest.raises(PasswordRefused):
        await usecases.change_names(
            auth, checked=checked, current="wrong", first_name="A", last_name="B", client=CLIENT, now=NOW
        )
    after = await usecases.change_names(
        auth,
        checked=checked,
        current=PASSWORD,
        first_name=" Augusta ",
        last_name="King",
        client=CLIENT,
        now=NOW,
    )
    assert (after.name, after.epoch, after.revoked_below) == ("Augusta King", user.epoch + 1, 0)
    entry = (await auth.store.revocations_after(0, 10)).entries[-1].revocation
    assert (entry.selects.value, entry.below) == ("changed", after.epoch)


async def test_guesses_at_the_password_are_throttled_on_every_form(auth: Auth) -> None:
    await add(auth)
    checked = await entered(auth)
    for _ in range(10):
        with pytest.raises(PasswordRefused):
            await change_email(auth, checked, "new@example.org", current="wrong")
    with pytest.raises(TooManyAttempts):
        await usecases.change_names(
            auth, checked=checked, current=PASSWORD, first_name="A", last_name="B", client=CLIENT, now=NOW
        )


async def test_an_administrator_edits_users_and_no_other_administrators_address(
    auth: Auth, box: MailBox
) -> None:
    root = await add(auth, "root@example.org", permissions=["gatepass:admin"])
    chief = await add(auth, "chief@example.org", permissions=["gatepass:admin"])
    await add(auth)
    after = await usecases.edit_user(
        auth, email="ada@example.org", new_email="a@example.org", last_name="King", actor=root, now=NOW
    )
    assert (after.email, after.name, after.epoch) == ("a@example.org", "Ada King", 1)
    assert await usecases.edit_user(auth, user_id=after.id, last_name="King", actor=root, now=NOW) == after
    with pytest.raises(EmailTaken):
        await usecases.edit_user(auth, user_id=after.id, new_email=root.email, actor=root, now=NOW)
    with pytest.raises(NotPermitted):
        await usecases.edit_user(auth, user_id=chief.id, new_email="x@example.org", actor=root, now=NOW)
    await usecases.edit_user(auth, user_id=chief.id, new_email="x@example.org", actor="cli", now=NOW)
    await box.collect(auth, now=NOW)
    assert {letter.to for letter in box.letters} == {"ada@example.org", "chief@example.org"}


async def test_an_invited_user_with_a_corrected_address_gets_the_link_there(auth: Auth, box: MailBox) -> None:
    await invite(auth, "bbo@example.org")
    await box.collect(auth, now=NOW)
    first = box.link()
    await usecases.edit_user(auth, email="bbo@example.org", new_email="bob@example.org", actor="cli", now=NOW)
    with pytest.raises(LinkRefused):
        await set_password(auth, first)
    await box.collect(auth, now=NOW)
    assert box.letters[-1].to == "bob@example.org"
    await set_password(auth, box.link())
