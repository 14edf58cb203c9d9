"""What everybody does at a site, each as one call: what a test of the event log lets happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from tests.unit.auth.house import CLIENT, NOW, PASSWORD, MailBox, make_auth

from gatepass.auth import (
    Auth,
    Client,
    Event,
    Limit,
    LoggedIn,
    LoginRefused,
    RefreshForm,
    Tokens,
    TooManyAttempts,
    User,
    imports,
    usecases,
)

ADDRESS = CLIENT.address
ELSEWHERE = Client(address="198.51.100.9", device="curl")


@dataclass
class Site:
    """A site with an administrator and Ann, who is logged in and holds tokens of both forms."""

    auth: Auth
    admin: User
    ann: User
    entered: LoggedIn
    other: LoggedIn
    tokens: Tokens
    renewal: Tokens
    secrets: list[str] = field(default_factory=list)

    async def lines(self) -> list[Event]:
        return [recorded.event for recorded in await self.auth.store.events_after(0, 1000)]


async def site() -> Site:
    auth = make_auth(registration_open=True)
    await usecases.keep_keys(auth, now=NOW)

    async def add(name: str, *permissions: str) -> User:
        return await usecases.add_user(
            auth,
            email=f"{name}@example.org",
            password=PASSWORD,
            first_name=name,
            last_name="Lee",
            permissions=permissions,
            actor="cli",
            now=NOW,
        )

    async def enter() -> LoggedIn:
        return await usecases.log_in(auth, email=ann.email, password=PASSWORD, client=CLIENT, now=NOW)

    async def issue(form: RefreshForm) -> Tokens:
        return await usecases.issue_tokens(
            auth, session=entered.session, user=ann, form=form, client=CLIENT, now=NOW
        )

    admin, ann = await add("root", "gatepass:admin"), await add("ann")
    entered, other = await enter(), await enter()
    tokens, renewal = await issue(RefreshForm.STANDARD), await issue(RefreshForm.RENEWAL)
    made = Site(auth, admin, ann, entered, other, tokens, renewal)
    made.secrets += [PASSWORD, entered.session_id.reveal(), other.session_id.reveal()]
    made.secrets += [tokens.access_token, renewal.access_token]
    made.secrets += [tokens.refresh_token.reveal() if tokens.refresh_token else ""]
    return made


UseCase = Callable[[Site], Awaitable[object]]


def by_admin(usecase: Callable[..., Awaitable[object]], **values: Any) -> UseCase:
    return lambda s: usecase(s.auth, user_id=s.ann.id, actor=s.admin, client=CLIENT, now=NOW, **values)


def refreshing(*, at: float) -> UseCase:
    async def twice(s: Site) -> None:
        token = s.tokens.refresh_token
        assert token is not None
        for moment in (NOW, at):
            await usecases.refresh(s.auth, refresh_token=token.reveal(), client=CLIENT, now=moment)

    return twice


def under(auth: Auth, **terms: Any) -> Auth:
    return replace(auth, terms=replace(auth.terms, **terms))


async def throttled(s: Site) -> None:
    auth = under(s.auth, account_limit=Limit(1, 900))
    for _ in range(5):
        with pytest.raises((LoginRefused, TooManyAttempts)):
            await usecases.log_in(auth, email="ann@example.org", password="wrong", client=CLIENT, now=NOW)


async def disabled_tries(s: Site) -> None:
    await usecases.disable_user(s.auth, user_id=s.ann.id, actor=s.admin, client=CLIENT, now=NOW)
    await usecases.log_in(s.auth, email=s.ann.email, password=PASSWORD, client=ELSEWHERE, now=NOW)


async def enabled_again(s: Site) -> None:
    await usecases.disable_user(s.auth, user_id=s.ann.id, actor=s.admin, client=CLIENT, now=NOW)
    await usecases.enable_user(s.auth, user_id=s.ann.id, actor=s.admin, client=CLIENT, now=NOW)


async def key_of(s: Site) -> str:
    return (await s.auth.store.signing_keys())[0].kid


async def revoke_key(s: Site) -> None:
    await usecases.revoke_key(s.auth, kid=await key_of(s), now=NOW)


async def retire_key(s: Site) -> None:
    await usecases.retire_key(s.auth, kid=await key_of(s), now=NOW)


def log_in(email: str, password: str) -> UseCase:
    return lambda s: usecases.log_in(s.auth, email=email, password=password, client=CLIENT, now=NOW)


def change_password(current: str) -> UseCase:
    def ask(s: Site) -> Awaitable[object]:
        checked = usecases.check_session(s.auth, session_id=s.entered.session_id.reveal(), now=NOW)

        async def run() -> None:
            await usecases.change_password(
                s.auth,
                checked=await checked,
                current=current,
                new="another horse battery",
                client=CLIENT,
                now=NOW,
            )

        return run()

    return ask


def in_session(usecase: Callable[..., Awaitable[object]], **values: Any) -> UseCase:
    async def ask(s: Site) -> None:
        checked = await usecases.check_session(s.auth, session_id=s.entered.session_id.reveal(), now=NOW)
        await usecase(s.auth, checked=checked, client=CLIENT, now=NOW, **values)

    return ask


def by_link(ask_for_it: UseCase, usecase: Callable[..., Awaitable[object]], **values: Any) -> UseCase:
    """Ask, look into the newest letter, and use its link."""

    async def use(s: Site) -> None:
        await ask_for_it(s)
        box = MailBox()
        await box.collect(s.auth, now=NOW)
        link = next(x for x in box.letters if "?link=" in x.text).text.partition("?link=")[2].split()[0]
        s.secrets.append(link)
        await usecase(s.auth, link=link, client=ELSEWHERE, now=NOW, **values)

    return use


async def ask_reset(s: Site) -> None:
    await usecases.ask_reset(s.auth, email="ann@example.org", client=CLIENT, now=NOW)


async def invite(s: Site) -> None:
    await usecases.invite_user(
        s.auth,
        email="new@example.org",
        first_name="N",
        last_name="E",
        actor=s.admin,
        client=CLIENT,
        now=NOW,
    )


async def invite_again(s: Site) -> None:
    await invite(s)
    await usecases.invite_again(s.auth, email="new@example.org", actor=s.admin, client=CLIENT, now=NOW)


async def import_users(s: Site) -> None:
    fields = {"email": "new@example.org", "first_name": "N", "last_name": "E"}
    judged = await usecases.judge_users(s.auth, [imports.Line(1, fields)], seen=set(), now=NOW)
    await usecases.import_users(s.auth, judged, run=None, after=imports.ImportRun("file", 1, 1), now=NOW)


async def send_mail(s: Site) -> None:
    await ask_reset(s)
    await usecases.send_mail(s.auth, MailBox(), now=NOW)
