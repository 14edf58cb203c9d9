"""Auth's HTTP surface: the JSON API and the pages, as one ASGI application."""

from gatepass.server.app import create_app
from gatepass.server.event_collector import EventCollector
from gatepass.server.event_export import EventExport
from gatepass.server.event_outlets import EventFile, Outlet, StandardOutput
from gatepass.server.feed import FOLLOWERS
from gatepass.server.logs import configure_logs
from gatepass.server.passwords import PasswordPool
from gatepass.server.site import MetricsFor, ServerConfig

__all__ = [
    "FOLLOWERS",
    "EventCollector",
    "EventExport",
    "EventFile",
    "MetricsFor",
    "Outlet",
    "PasswordPool",
    "ServerConfig",
    "StandardOutput",
    "configure_logs",
    "create_app",
]
