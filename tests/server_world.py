"""A whole Auth in memory, at a clock that stands still until a test moves it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gatepass.auth import Auth, Letter, Limit, Recipient, Secret, Terms, passwords, usecases
from gatepass.oauth import SHARED_ALGORITHM, SharedSecrets
from gatepass.server import PasswordPool, ServerConfig, create_app
from gatepass.storage import MemoryStore

ISSUER = "http://127.0.0.1:8000"
APP = "http://127.0.0.1:8001"
PASSWORD = "correct horse battery"

# The smallest cost that argon2 takes: these tests are not about its strength.
QUICK = passwords.Profile(memory=8, passes=1, lanes=1)


@dataclass
class World:
    """Auth, its application, and the hand on its clock."""

    auth: Auth
    config: ServerConfig
    now: float = 1_800_000_000.0
    app: Any = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.auth, self.config, clock=lambda: self.now)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Give a browser or program of its own."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=self.config.issuer, headers=headers)

    async def add(self, email: str = "ann@example.org", *permissions: str) -> None:
        """Add a user."""
        await usecases.add_user(
            self.auth,
            email=email,
            password=PASSWORD,
            first_name="Ann",
            last_name="Lee",
            permissions=permissions,
            actor="cli",
            now=self.now,
        )

    async def session(self, client: httpx.AsyncClient, email: str = "ann@example.org") -> str:
        """Log in over the API; gives the session id."""
        answer = await client.post("/api/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["session_id"])

    async def tokens(self, client: httpx.AsyncClient, refresh: str = "standard") -> dict[str, Any]:
        """Log in over the API; gives the tokens."""
        body = {"email": "ann@example.org", "password": PASSWORD, "mode": "token", "refresh": refresh}
        answer = await client.post("/api/login", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def browser(self, email: str = "ann@example.org") -> httpx.AsyncClient:
        """Log in through the page; gives a client that holds the cookie."""
        client = self.client()
        form = {"email": email, "password": PASSWORD}
        answer = await client.post("/login", data=form, headers={"origin": self.config.issuer})
        assert answer.status_code == 303, answer.text
        return client


async def sent(world: World, to: str) -> str:
    """Send the mails that wait; gives the link's secret in the newest one to an address."""
    letters: list[Letter] = []

    class Box:
        async def send(self, letter: Letter) -> None:
            letters.append(letter)

    while await usecases.send_mail(world.auth, Box(), now=world.now):
        pass
    text = next(letter.text for letter in reversed(letters) if letter.to == to)
    return text.partition("?link=")[2].split()[0]


MakeWorld = Callable[..., "World"]


@pytest.fixture
async def make_world() -> AsyncIterator[MakeWorld]:
    """Give a maker of worlds; what it made is closed at the end."""
    pools: list[PasswordPool] = []

    def make(
        *,
        terms: dict[str, Any] | None = None,
        shared_secrets: SharedSecrets | None = None,
        recipient: Recipient | None = None,
        **config: Any,
    ) -> World:
        chosen: dict[str, Any] = {"issuer": ISSUER, "app_origins": (APP,), "counters": True} | config
        pool = PasswordPool(entropy=os.urandom, profile=QUICK, threads=1)
        pools.append(pool)
        wide = Limit(1000, 900)
        given: dict[str, Any] = {
            "issuer": chosen["issuer"],
            "audience": "clinic",
            "account_limit": wide,
            "address_limit": wide,
        }
        if shared_secrets is not None:
            given["signing_algorithm"] = SHARED_ALGORITHM
        auth = Auth(
            store=MemoryStore(),
            passwords=pool,
            entropy=os.urandom,
            kek=Secret(os.urandom(32)),
            terms=Terms(**(given | (terms or {}))),
            shared_secrets=shared_secrets,
            recipient=recipient,
        )
        return World(auth, ServerConfig.from_names(**chosen))

    yield make
    for pool in pools:
        pool.close()


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """Give a world with one user, Ann."""
    made = make_world()
    await usecases.keep_keys(made.auth, now=made.now)
    await made.add()
    return made
