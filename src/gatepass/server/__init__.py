"""Auth's HTTP surface: the JSON API and the pages, as one ASGI application."""

from gatepass.server.app import create_app
from gatepass.server.feed import FOLLOWERS
from gatepass.server.passwords import PasswordPool
from gatepass.server.site import ServerConfig

__all__ = ["FOLLOWERS", "PasswordPool", "ServerConfig", "create_app"]
