"""The world of the server's tests, for this folder."""

import pytest
from tests.server_world import make_world, world

from gatepass.server import feed

__all__ = ["make_world", "small_pages", "world"]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page of the revocation feed hold three entries."""
    monkeypatch.setattr(feed, "PAGE_ENTRIES", 3)
