"""What an operator may choose, as frozen, checked `Settings`.

Reads no file and no environment itself: both come in as mappings.
"""

from gatepass.settings.errors import SettingsError
from gatepass.settings.parsing import log_format, parse_settings
from gatepass.settings.rules import PUBLISHED_AHEAD_AT_LEAST, TOKENS_LIVE_AT_MOST
from gatepass.settings.tables import Encryption, Events, Mail, Passwords, Settings

__all__ = [
    "PUBLISHED_AHEAD_AT_LEAST",
    "TOKENS_LIVE_AT_MOST",
    "Encryption",
    "Events",
    "Mail",
    "Passwords",
    "Settings",
    "SettingsError",
    "log_format",
    "parse_settings",
]
