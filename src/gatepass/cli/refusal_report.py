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
        """Open it, and cut off what it says of lines behind `after`. Raises `CommandFailed`."""
        self.path = path
        try:
            kept = _kept(path, after=after)
            self._file = path.open("ab")
            self._file.truncate(kept)
        except ValueError:
            raise CommandFailed(f"{path} is no report of an import; name another: --report") from None
        except OSError as error:
            raise CommandFailed(f"can't write {path}: {error.strerror}") from None

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
            self._file.write(text.encode())
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise CommandFailed(f"can't write {self.path}: {error.strerror}; go on: --resume") from None


def _kept(path: Path, *, after: int) -> int:
    """Count the bytes of what is whole and said of lines up to `after`. Raises `ValueError` for no report.

    Lines are reported in order, so all that is to be cut off stands behind it.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return 0
    numbers = [int(line.partition(b":")[0]) for line in lines]
    whole = zip(lines, numbers, strict=True)
    return sum(len(line) for line, number in whole if number <= after and line.endswith(b"\n"))
