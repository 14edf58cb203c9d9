"""Where the event log is written to on this machine: a file that may be rotated, or standard output."""

from __future__ import annotations

import os
import stat
import sys
from typing import Final, Protocol

TAIL: Final = 65_536
"""Bytes at a file's end in which its last line is looked for: a line is some hundreds."""


# Not through a link, which somebody else might have put there; and a pipe is refused, not waited for.
_FLAGS: Final = (
    os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
)


class Outlet(Protocol):
    """Takes lines. Both methods may wait, so call them in a thread. They raise `OSError`."""

    def last_line(self) -> bytes | None:
        """Give the last whole line that is known to have been written, None where none is."""
        ...

    def write(self, lines: bytes) -> None:
        """Write all or nothing."""
        ...


class StandardOutput:
    """Nobody can say what was read of it."""

    def last_line(self) -> bytes | None:
        """Give none."""
        return None

    def write(self, lines: bytes) -> None:
        """Write and flush."""
        sys.stdout.buffer.write(lines)
        sys.stdout.buffer.flush()


class EventFile:
    """A file, for its owner alone. It is opened anew each time: whoever rotates it need tell nobody."""

    def __init__(self, path: str) -> None:
        self._path = path

    def touch(self) -> None:
        """Make the file, if it is not there. Raises `OSError` where nobody could write it."""
        os.close(self._open())

    def last_line(self) -> bytes | None:
        """Give the last whole line, and cut off what a writer left behind it that was killed half-way."""
        descriptor = self._open()
        try:
            size = os.fstat(descriptor).st_size
            tail = os.pread(descriptor, TAIL, max(0, size - TAIL))
            whole, _, torn = tail.rpartition(b"\n")
            if torn:
                os.ftruncate(descriptor, size - len(torn))
            return whole.rpartition(b"\n")[2] + b"\n" if whole else None
        finally:
            os.close(descriptor)

    def write(self, lines: bytes) -> None:
        """Append the lines, and wait until they are on the disk; nothing of them stays where that fails."""
        descriptor = self._open()
        try:
            size = os.fstat(descriptor).st_size
            try:
                left = memoryview(lines)
                while left:
                    left = left[os.write(descriptor, left) :]
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, size)
                raise
        finally:
            os.close(descriptor)

    def _open(self) -> int:
        descriptor = os.open(self._path, _FLAGS, 0o600)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError("it is no regular file")
        return descriptor
