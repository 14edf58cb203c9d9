"""What every command that works on the database shares: its options, the settings, the opened site."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gatepass.auth import AuthError
from gatepass.cli.failure import CommandFailed
from gatepass.settings import SettingsError
from gatepass.wiring import WiringError, load_settings, opened

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Auth
    from gatepass.settings import Settings

_T = TypeVar("_T")


def add_settings_option(parser: argparse.ArgumentParser) -> None:
    """Take `--settings`."""
    parser.add_argument(
        "--settings",
        metavar="FILE",
        type=Path,
        default=Path(os.environ.get("GATEPASS_SETTINGS", "gatepass.toml")),
        help="settings file (default: $GATEPASS_SETTINGS, or gatepass.toml here)",
    )


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Take `--json`."""
    parser.add_argument("--json", action="store_true", help="write JSON, for scripts")


def settings_of(args: argparse.Namespace) -> Settings:
    """Read the settings that the options name. Raises `CommandFailed`."""
    try:
        return load_settings(args.settings, os.environ)
    except (SettingsError, WiringError) as error:
        raise CommandFailed(str(error)) from None


def with_auth(args: argparse.Namespace, work: Callable[[Auth], Awaitable[_T]]) -> _T:
    """Open the site, do the work, close it. Raises `CommandFailed`."""
    settings = settings_of(args)

    async def done() -> _T:
        async with opened(settings) as auth:
            return await work(auth)

    try:
        return asyncio.run(done())
    except (AuthError, WiringError) as error:
        raise CommandFailed(str(error)) from None
