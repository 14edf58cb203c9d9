"""Fixtures of the Verifier's tests."""

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.unit.verifier.watched import Service
from tests.unit.verifier.world import PATIENCE, Clock

from gatepass.verifier import Follower


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def follower() -> Iterator[Follower]:
    """A follower of its own for each test, gone when the test is over."""
    own = Follower()
    yield own
    own.stop(timeout=PATIENCE)


@pytest.fixture
async def service(clock: Clock, follower: Follower) -> AsyncIterator[Service]:
    made = Service(clock, follower)
    await made.checks.ready()
    yield made
    await made.checks.close()
