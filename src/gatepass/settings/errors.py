"""The one error of the settings."""

from __future__ import annotations

from typing import Final


class SettingsError(Exception):
    """A setting that cannot be used; the text names the key, so that it can be found and mended."""

    code: Final = "settings_invalid"
