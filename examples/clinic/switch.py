"""The switch of the demo: the page asks for Auth to stop or start, and the launcher, its parent, obeys.

A file in the demo's own folder, so that nothing more listens anywhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE = "switch"


class Order(StrEnum):
    """What the launcher can be asked for."""

    STOP_AUTH = "stop-auth"
    START_AUTH = "start-auth"
    RESTART_SERVICES = "restart-services"


class Switch:
    """At most one order that waits; a newer one takes its place."""

    def __init__(self, data: Path) -> None:
        self._file = data / FILE

    def ask(self, order: Order) -> None:
        """Leave an order."""
        coming = self._file.with_suffix(".coming")
        coming.write_text(order, encoding="ascii")
        coming.replace(self._file)  # whoever reads sees the whole word or none

    def take(self) -> Order | None:
        """Give the order that waits, if there is one; it waits no longer."""
        try:
            word = self._file.read_bytes()
            self._file.unlink()
            return Order(word.decode("ascii"))
        except (FileNotFoundError, ValueError):
            return None
