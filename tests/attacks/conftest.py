"""The world of the server's tests and auth with Ada in it, for this folder."""

from tests.server_world import make_world, world
from tests.unit.auth.house import auth, came

__all__ = ["auth", "came", "make_world", "world"]
