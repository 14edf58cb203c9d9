"""The request path never opens a connection: in every framework, against a real Auth, cold and warm."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.integration.conftest import PATIENCE, Site
from tests.integration.test_both_modes import bearer, log_in
from tests.unit.verifier.services.frameworks import SERVICES, service

from gatepass.verifier import Follower, Verifier

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


@pytest.fixture
def checks(site: Site) -> Iterator[Verifier]:
    follower = Follower()
    yield Verifier(issuer=site.url, audience="clinic", follower=follower)
    follower.stop()


@pytest.mark.parametrize("framework", SERVICES)
def test_no_request_opens_a_connection(
    framework: str, checks: Verifier, token: str, attempts: list[str]
) -> None:
    ask = service(framework, checks)
    cold = ask("GET", "/appointments", bearer(token))
    assert cold.status == 503
    assert int(cold.headers["retry-after"]) >= 1
    end = time.monotonic() + PATIENCE
    while ask("GET", "/appointments", bearer(token)).status == 503:
        assert time.monotonic() < end
        time.sleep(0.01)
    for headers, status in [(bearer(token), 200), ({}, 401), (bearer("forged"), 401)]:
        assert ask("GET", "/appointments", headers).status == status
    assert attempts == []


def test_another_thread_that_connects_is_found(site: Site, attempts: list[str]) -> None:
    with pytest.raises(AssertionError), httpx.Client() as client:
        client.get(site.url)
    assert attempts
