"""Progress: one line that moves where a person looks on, a line now and then where a file does."""

from __future__ import annotations

import sys
import time
from typing import Final

from gatepass.cli.output import span

WIDTH: Final = 30  # characters of the bar
STEPS: Final = 10
"""Lines in all where nobody looks on."""


class Progress:
    """How far something is, on standard error: standard output is for what was asked for."""

    def __init__(self, total: int) -> None:
        self._total = max(total, 1)
        self._began = time.monotonic()
        self._first: int | None = None
        self._step = 0
        self._moves = sys.stderr.isatty()

    def show(self, done: int, words: str) -> None:
        """Say that so much of the total is done."""
        if self._first is None:
            self._first = done  # what was done before takes no time now
        share = min(done / self._total, 1.0)
        if self._moves:
            bar = "#" * round(share * WIDTH)
            text = f"{bar:.<{WIDTH}} {share:4.0%}  {words}{self._left(done)}"
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif int(share * STEPS) > self._step:
            self._step = int(share * STEPS)
            sys.stderr.write(f"{share:4.0%}  {words}\n")
            sys.stderr.flush()

    def close(self) -> None:
        """Leave the line."""
        if self._moves:
            sys.stderr.write("\n")

    def _left(self, done: int) -> str:
        fresh = done - (self._first or 0)
        if fresh <= 0 or done >= self._total:
            return ""
        return f", {span((time.monotonic() - self._began) * (self._total - done) / fresh)} left"
