"""The request path never opens a connection: in every framework, against a real Auth, cold and warm."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.conftest import PATIENCE, Site
from tests.integration.test_both_modes import bearer, log_in
from tests.unit.verifier.services.frameworks import SERVICES, Ask, service

from gatepass.verifier import Document, FetchFailed, Follower, HttpFetch, Verifier

pytestmark = pytest.mark.xdist_group("auth")

WAYS_OUT: list[tuple[Any, str]] = [
    (socket.socket, "connect"),
    (socket.socket, "connect_ex"),
    (socket, "create_connection"),
    (socket, "getaddrinfo"),
]


@pytest.fixture
def token(client: httpx.Client) -> str:
    return str(log_in(client, mode="token")["access_token"])


@pytest.fixture
def attempts(token: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From here on, only the follower's thread may connect; give who else tried."""
    found: list[str] = []

    def watched(name: str, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            thread = threading.current_thread().name
            if thread != "gatepass-follower":
                found.append(f"{name} in {thread}")
                raise AssertionError("a connection, and not by the follower")
            return real(*args, **kwargs)

        return call

    for owner, name in WAYS_OUT:
        monkeypatch.setattr(owner, name, watched(name, getattr(owner, name)))
    return found


class Held(HttpFetch):
    """The network, which lets nothing through until the gate is open: a Service stays cold for as long."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self._gate = gate

    async def get(self, url: str, *, patience: float = 0) -> Document:
        await asyncio.to_thread(self._gate.wait)
        return await super().get(url, patience=patience)


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


@pytest.fixture
def checks(site: Site, gate: threading.Event) -> Iterator[Verifier]:
    follower = Follower()
    yield Verifier(issuer=site.url, audience="clinic", follower=follower, make_fetch=lambda: Held(gate))
    gate.set()
    follower.stop(timeout=PATIENCE)


def until_it_knows(ask: Ask, token: str) -> None:
    """Knock until the follower has, or has found, what a check needs."""
    end = time.monotonic() + PATIENCE
    while (reply := ask("GET", "/appointments", bearer(token))).status == 503:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert reply.status == 200


@pytest.mark.parametrize("framework", SERVICES)
def test_no_request_opens_a_connection(
    framework: str, checks: Verifier, gate: threading.Event, token: str, attempts: list[str]
) -> None:
    ask = service(framework, checks)
    cold = ask("GET", "/appointments", bearer(token))
    assert cold.status == 503
    assert int(cold.headers["retry-after"]) >= 1
    gate.set()
    until_it_knows(ask, token)
    for headers, status in [(bearer(token), 200), ({}, 401), (bearer("forged"), 401)]:
        assert ask("GET", "/appointments", headers).status == status
    assert attempts == []


class Unreachable:
    """The network while Auth is down."""

    async def get(self, url: str, *, patience: float = 0) -> Document:
        raise FetchFailed("unreachable")

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        raise FetchFailed("unreachable")

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        raise FetchFailed("unreachable")
        yield

    async def close(self) -> None: ...


@pytest.fixture(scope="module")
def state_dir(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that a Service left when it ended."""
    folder, follower = tmp_path_factory.mktemp("state"), Follower()
    before = Verifier(issuer=site.url, audience="clinic", state_dir=folder, follower=follower)
    asyncio.run(before.ready(PATIENCE))
    follower.stop(timeout=PATIENCE)
    return folder


@pytest.mark.parametrize("framework", SERVICES)
def test_a_service_that_starts_while_auth_is_down_works_with_what_it_kept(
    framework: str, site: Site, state_dir: Path, token: str, attempts: list[str]
) -> None:
    follower = Follower()
    checks = Verifier(
        issuer=site.url,
        audience="clinic",
        state_dir=state_dir,
        follower=follower,
        make_fetch=Unreachable,
    )
    until_it_knows(service(framework, checks), token)
    follower.stop(timeout=PATIENCE)
    assert attempts == []


def test_another_thread_that_connects_is_found(site: Site, attempts: list[str]) -> None:
    with pytest.raises(AssertionError), httpx.Client() as client:
        client.get(site.url)
    assert attempts
