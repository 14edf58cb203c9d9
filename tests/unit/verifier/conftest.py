"""Fixtures of the Verifier's tests."""

from collections.abc import Iterator

import pytest
from tests.unit.verifier.world import Clock

from gatepass.verifier import Follower


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def follower() -> Iterator[Follower]:
    """A follower of its own for each test, gone when the test is over."""
    own = Follower()
    yield own
    own.stop()
