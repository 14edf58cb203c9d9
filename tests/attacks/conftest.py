"""The world of the server's tests, for this folder."""

from tests.server_world import make_world, world

__all__ = ["make_world", "world"]
