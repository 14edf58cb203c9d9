"""Breached passwords, looked up in a file of the operator's: Pwned Passwords, ordered by hash.

A line is `SHA1:COUNT`, in upper-case hexadecimal, and there are some billion of them in tens of gigabytes. So
the file is never read: a look-up halves its way to a few kilobytes. Who renames another file to its name
changes nothing for a process that runs; it goes on in the old one.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from typing import TYPE_CHECKING, Final, Self

from gatepass.auth import StorageUnavailable

if TYPE_CHECKING:
    from pathlib import Path

_LINE: Final = re.compile(rb"([0-9A-F]{40}):[0-9]{1,15}\r?(?:\n|\Z)")
LINE_AT_MOST: Final = 64  # bytes; the longest that `_LINE` takes has 58

# Where halving ends and reading begins: a page of memory or two, one read of a disk.
_WINDOW: Final = 8_192

# Lines that are looked at on opening, in even steps: enough that a list in another order (by how often a
# password was seen, say) never passes, and no more than a second of a slow disk.
_SAMPLES: Final = 64


class BreachesUnusable(Exception):
    """The file can't serve; the text says why and what to do."""


class BreachFile:
    """The `Breaches` port of auth on a file that stays open."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the file and look at samples of it. Raises `BreachesUnusable`."""
        # Reading from a place of its own in the file, no thread waits for another.
        if not hasattr(os, "pread"):  # Windows
            raise BreachesUnusable("a list of breached passwords needs pread, which this system lacks")
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise BreachesUnusable(f"can't read {path}: {error.strerror}") from None
        try:
            breaches = cls(descriptor, os.fstat(descriptor).st_size)
            breaches._look_over()
        except OSError as error:
            os.close(descriptor)
            raise BreachesUnusable(f"can't read {path}: {error.strerror}") from None
        except _Malformed as error:
            os.close(descriptor)
            raise BreachesUnusable(
                f"{path} is not Pwned Passwords ordered by hash, with lines such as "
                f"21BD1…:42 ({error}); download it again, the list of SHA-1 ordered by hash"
            ) from None
        return breaches

    async def has(self, password: str) -> bool:
        """Say whether the password was in a breach, off the event loop. Raises `StorageUnavailable`."""
        # The list is of SHA-1; nothing rests on its strength here (NIST SP 800-63B-4 §3.1.1.2).
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        try:
            return await asyncio.to_thread(self._has, wanted)
        except (OSError, _Malformed) as error:
            raise StorageUnavailable(f"breached passwords: {error}") from None

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _has(self, wanted: bytes) -> bool:
        """Keep the line that is wanted between `low`, where a line begins, and `high`."""
        low, high = 0, self._size
        while high - low > _WINDOW:
            middle = (low + high) // 2
            found, begins = self._line_behind(middle)
            if found == wanted:
                return True
            low, high = (begins, high) if found < wanted else (low, middle + LINE_AT_MOST)
        rest = self._read(low, high - low)
        lines = rest.splitlines(keepends=True)
        if high < self._size and not rest.endswith(b"\n"):
            lines.pop()  # cut off, and behind the one that is wanted
        if len(rest) < high - low or not all(map(_LINE.fullmatch, lines)):
            raise _Malformed(f"near byte {low}")
        return any(line.startswith(wanted + b":") for line in lines)

    def _look_over(self) -> None:
        """Hold samples to the form and the order. Raises `_Malformed`."""
        first = _LINE.match(self._read(0, LINE_AT_MOST))
        if first is None:
            raise _Malformed("in its first line")
        last, behind = first[1], 0
        for step in range(1, _SAMPLES):
            place = step * self._size // _SAMPLES
            if self._size - place <= 2 * LINE_AT_MOST:
                break
            found, begins = self._line_behind(place)
            if found < last or (found == last and begins != behind):
                raise _Malformed("not in order")
            last, behind = found, begins
        end = self._read(max(0, self._size - LINE_AT_MOST), LINE_AT_MOST)
        if re.search(rb"(^|\n)[0-9A-F]{40}:[0-9]{1,15}\r?\n?\Z", end) is None:
            raise _Malformed("in its last line: is it whole?")

    def _line_behind(self, place: int) -> tuple[bytes, int]:
        """Give the hash of the first line that begins behind a place, and where. Raises `_Malformed`."""
        part = self._read(place, 2 * LINE_AT_MOST)
        begins = part.find(b"\n", 0, LINE_AT_MOST) + 1
        line = _LINE.match(part, begins) if begins else None
        if line is None:
            raise _Malformed(f"near byte {place}")
        return line[1], place + begins

    def _read(self, place: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, place)


class _Malformed(Exception):
    """A place that does not look like the list."""
