"""Servers that use threads, and servers that fork: the same Service, in each framework that they run."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from tests.unit.verifier.services.frameworks import Ask, service
from tests.unit.verifier.world import JWKS_URI, PATIENCE, Clock, Network, network, token, verifier

from gatepass.verifier import Follower

THREADS = 8
EACH = 25

every_wsgi_framework = pytest.mark.parametrize("framework", ["wsgi", "flask", "django"])


@pytest.fixture
def net() -> Network:
    return network()


async def known(framework: str, net: Network, clock: Clock, follower: Follower) -> Ask:
    """Give a Service that has its keys."""
    checks = verifier(net, clock, follower)
    await checks.ready()
    return service(framework, checks)


def bearer(**changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**changes)}"}


@every_wsgi_framework
async def test_threads_take_nobody_for_another(
    framework: str, net: Network, clock: Clock, follower: Follower
) -> None:
    ask = await known(framework, net, clock, follower)
    together = Barrier(THREADS)

    def knock(number: int) -> set[tuple[int, str]]:
        own = bearer(sub=f"user-{number}")
        together.wait(timeout=PATIENCE)
        return {(reply.status, reply.text) for _ in range(EACH) for reply in [ask("GET", "/user", own)]}

    with ThreadPoolExecutor(THREADS) as pool:
        seen = await asyncio.to_thread(lambda: list(pool.map(knock, range(THREADS))))
    assert seen == [{(200, f"user-{number}")} for number in range(THREADS)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@every_wsgi_framework
async def test_a_worker_that_was_forked_after_the_first_request_follows_by_itself(
    framework: str, net: Network, clock: Clock, follower: Follower
) -> None:
    ask = await known(framework, net, clock, follower)
    assert ask("GET", "/user", bearer()).status == 200
    child = os.fork()
    if not child:  # pragma: no cover: no measuring in there
        code = 1
        try:
            clock.pass_by(1000)  # the keys are due, and still good
            asked = net.count(JWKS_URI)
            later = bearer(now=clock.now)
            assert ask("GET", "/user", later).status == 200
            end = time.monotonic() + PATIENCE
            while net.count(JWKS_URI) == asked and time.monotonic() < end:
                time.sleep(0.01)  # noqa: ASYNC251 (the child has no loop)
            code = 0 if ask("GET", "/user", later).status == 200 and net.count(JWKS_URI) > asked else 2
        finally:
            os._exit(code)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert ask("GET", "/user", bearer()).status == 200
