"""A user who is kicked out of a real Auth loses the WebSockets that are open at the Services."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from tests.integration.conftest import PATIENCE, Site
from tests.integration.test_both_modes import bearer, log_in
from tests.unit.verifier.services.sockets import ECHOES, connected, echo

from gatepass.verifier import Follower, PassVerifier, SessionVerifier, Verifier

pytestmark = pytest.mark.xdist_group("auth")


@pytest.fixture
def follower() -> Iterator[Follower]:
    own = Follower()
    yield own
    own.stop(timeout=PATIENCE)


def verifier(mode: str, site: Site, follower: Follower) -> PassVerifier:
    if mode == "token":
        return Verifier(issuer=site.url, audience="clinic", follower=follower)
    return SessionVerifier(issuer=site.url, audience="clinic", follower=follower)


def enter(site: Site, mode: str) -> dict[str, str]:
    """Log Ann in on one more device."""
    with site.client() as device:
        word = {"token": "access_token", "session": "session_id"}[mode]
        return bearer(log_in(device, mode=mode)[word])


@pytest.mark.parametrize("mode", ["token", "session"])
@pytest.mark.parametrize("framework", ECHOES)
async def test_a_kick_closes_the_users_sockets_and_nobody_elses(
    framework: str, mode: str, site: Site, follower: Follower, client: httpx.Client
) -> None:
    kicked, other = enter(site, mode), enter(site, mode)
    checks = verifier(mode, site, follower)
    await checks.ready(PATIENCE)
    app = echo(framework, checks)
    async with connected(app, kicked) as ours, connected(app, other) as theirs:
        for socket in (ours, theirs):
            assert (await socket.hear())["type"] == "websocket.accept"
        ended = await asyncio.to_thread(client.post, "/api/logout", headers=kicked)
        assert ended.status_code == 204
        assert await ours.hear() == {"type": "websocket.close", "code": 1008, "reason": "invalid_token"}
        await ours.ended()
        theirs.say("still here")
        assert (await theirs.hear())["text"].endswith(": still here")
    await checks.close()
