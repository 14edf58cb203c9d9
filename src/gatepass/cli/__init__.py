"""The `gatepass` command: one module per command, imported when its command is called."""

from gatepass.cli.entry import main

__all__ = ["main"]
