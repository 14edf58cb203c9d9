"""The operator's list of breached passwords: opened once by who serves, and by a command when it is asked."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from gatepass.storage import BreachesUnusable, BreachFile
from gatepass.wiring.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gatepass.auth import Breaches
    from gatepass.settings import Passwords


@contextmanager
def open_breaches(chosen: Passwords) -> Iterator[Breaches | None]:
    """Open the list, if there is one. Raises `WiringError`."""
    if chosen.breached is None:
        yield None
        return
    breaches = _opened(chosen.breached)
    try:
        yield breaches
    finally:
        breaches.close()


def late_breaches(chosen: Passwords) -> Breaches | None:
    """Give the list without opening it: a command that shuts somebody out must not need it."""
    return None if chosen.breached is None else _LateBreaches(chosen.breached)


class _LateBreaches:
    """Opens the list for each question."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def has(self, password: str) -> bool:
        """Say whether the password is among them. Raises `WiringError`, `StorageUnavailable`."""
        breaches = _opened(self._path)
        try:
            return await breaches.has(password)
        finally:
            breaches.close()


def _opened(path: str) -> BreachFile:
    try:
        return BreachFile.open(path)
    except BreachesUnusable as error:
        raise WiringError(f"passwords.breached: {error}") from None
