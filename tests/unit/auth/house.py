"""An Auth to test with: a store, cheap password hashing on the spot, and a moment to stand at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from gatepass.auth import (
    Auth,
    Client,
    Letter,
    LoggedIn,
    MailFailed,
    MailRefused,
    RefreshForm,
    Secret,
    Store,
    Terms,
    Tokens,
    User,
    passwords,
    usecases,
)
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = 1_800_000_000.0
PASSWORD = "correct horse battery staple"
CLIENT = Client(address="192.0.2.7", device="Firefox on Linux")
CHEAP = passwords.Profile(memory=8, passes=1, lanes=1)
KEK = Secret(b"k" * 32)


class PasswordsOnTheSpot:
    """The port without threads; remembers which hashes were verified, None being the dummy."""

    def __init__(self, profile: passwords.Profile = CHEAP) -> None:
        self.profile = profile
        self.verified: list[str | None] = []
        self.hashed = 0

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return passwords.hash_password(password, entropy=os.urandom, profile=self.profile)

    async def verify(self, encoded: str | None, password: str) -> bool:
        self.verified.append(encoded)
        return passwords.verify_password(encoded, password, profile=self.profile)

    def needs_rehash(self, encoded: str) -> bool:
        return passwords.needs_rehash(encoded, profile=self.profile)


class MailBox:
    """The port of mails; keeps what it was handed, unless it is told to fail."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.failure: MailFailed | MailRefused | None = None

    async def send(self, letter: Letter) -> None:
        if self.failure is not None:
            raise self.failure
        self.letters.append(letter)

    async def collect(self, auth: Auth, *, now: float) -> None:
        """Have every mail sent that is due."""
        while await usecases.send_mail(auth, self, now=now):
            pass

    def link(self) -> str:
        """Give the secret of the link in the newest letter."""
        return self.letters[-1].text.partition("?link=")[2].split()[0]


def make_auth(store: Store | None = None, *, kek: Secret = KEK, **terms: Any) -> Auth:
    return Auth(
        store=MemoryStore() if store is None else store,
        passwords=PasswordsOnTheSpot(),
        entropy=os.urandom,
        kek=kek,
        terms=Terms(issuer="https://login.example.org", audience="clinic", **terms),
    )


def passwords_of(auth: Auth) -> PasswordsOnTheSpot:
    assert isinstance(auth.passwords, PasswordsOnTheSpot)
    return auth.passwords


async def open_auth(store: Store | None = None, *, now: float = NOW, **terms: Any) -> Auth:
    auth = make_auth(store, **terms)
    await usecases.keep_keys(auth, now=now)
    return auth


async def add(
    auth: Auth,
    email: str = "ada@example.org",
    *,
    roles: Iterable[str] = (),
    permissions: Iterable[str] = (),
    now: float = NOW,
) -> User:
    return await usecases.add_user(
        auth,
        email=email,
        password=PASSWORD,
        first_name="Ada",
        last_name="Lovelace",
        roles=roles,
        permissions=permissions,
        actor="cli",
        now=now,
    )


async def log_in(auth: Auth, email: str = "ada@example.org", *, now: float = NOW) -> LoggedIn:
    return await usecases.log_in(auth, email=email, password=PASSWORD, client=CLIENT, now=now)


async def tokens_for(
    auth: Auth,
    came: LoggedIn,
    *,
    form: RefreshForm = RefreshForm.STANDARD,
    lifetime: int | None = None,
    now: float = NOW,
) -> Tokens:
    return await usecases.issue_tokens(
        auth, session=came.session, user=came.user, form=form, lifetime=lifetime, now=now
    )


def presentable(tokens: Tokens) -> str:
    """What gets the next tokens, in either form."""
    return tokens.access_token if tokens.refresh_token is None else tokens.refresh_token.reveal()


async def next_tokens(auth: Auth, tokens: Tokens, *, now: float) -> Tokens:
    """Present what the tokens are renewed with."""
    if tokens.form is RefreshForm.RENEWAL:
        return await usecases.renew(auth, expired_token=presentable(tokens), client=CLIENT, now=now)
    return await usecases.refresh(auth, refresh_token=presentable(tokens), client=CLIENT, now=now)


async def events(auth: Auth) -> list[str]:
    return [str(recorded.event.kind) for recorded in await auth.store.events_after(0, 1000)]


@pytest.fixture
async def auth() -> Auth:
    """Auth with Ada in it."""
    opened = await open_auth()
    await add(opened)
    return opened


@pytest.fixture
async def came(auth: Auth) -> LoggedIn:
    """Ada, logged in."""
    return await log_in(auth)


@pytest.fixture
def box() -> MailBox:
    return MailBox()
