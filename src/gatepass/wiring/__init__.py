"""The composition root: the one place that knows who is connected to what."""

from gatepass.wiring.errors import WiringError
from gatepass.wiring.housekeeping import HOUSEKEEPING_EVERY, watch_keys
from gatepass.wiring.opening import opened
from gatepass.wiring.private_files import read_kek, read_shared_secrets
from gatepass.wiring.serving import serve
from gatepass.wiring.settings_file import load_settings, wanted_log_format

__all__ = [
    "HOUSEKEEPING_EVERY",
    "WiringError",
    "load_settings",
    "opened",
    "read_kek",
    "read_shared_secrets",
    "serve",
    "wanted_log_format",
    "watch_keys",
]
