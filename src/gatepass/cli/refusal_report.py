"""The report of an import: the lines that were refused, by number, with the reason in words.

Written before the commit of its batch. So a process that is killed may have reported lines that are still to
come: who goes on cuts them off, and no line is missing and none stands twice.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gatepass.auth import Refusal


class RefusalReport:
    """A file of lines such as `17: email: is not an e-mail address`."""

    def __init__(self, path: Path, *, after: int) -> None:
        """Open it, and keep what it says of lines up to `after`. Raises `CommandFailed`."""
        self.path = path
        try:
            kept = [text for text in _lines(path) if int(text.partition(":")[0]) <= after]
            self._file = path.open("w", encoding="utf-8")
        except ValueError:
            raise CommandFailed(f"{path} is no report of an import; name another: --report") from None
        except OSError as error:
            raise CommandFailed(f"can't write {path}: {error.strerror}") from None
        self._write("".join(kept))

    def add(self, refusals: Iterable[Refusal]) -> None:
        """Write refusals down, to stay. Raises `CommandFailed`."""
        self._write("".join(f"{refusal.number}: {refusal.reason}\n" for refusal in refusals))

    def close(self) -> None:
        """Close it, and take it away where nothing was refused."""
        self._file.close()
        if not self.path.stat().st_size:
            self.path.unlink()

    def _write(self, text: str) -> None:
        if not text:
            return
        try:
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise CommandFailed(f"can't write {self.path}: {error.strerror}; go on: --resume") from None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return []
