"""The two ways in which a command ends badly."""

from __future__ import annotations

from typing import Final

EXIT_FAILURE: Final = 1


class CommandFailed(Exception):
    """It could not be done; the text says why and what to do. Exit code 1."""


class CommandMisused(Exception):
    """It was called wrongly in a way that argparse can't see. Exit code 2, with the usage."""
