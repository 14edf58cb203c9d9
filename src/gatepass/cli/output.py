"""How answers are written: tables for people, JSON for scripts, times as a person says them."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def write_answer(args: argparse.Namespace, value: object, sentence: str) -> None:
    """Say what was done: to a script that asked for `--json` as a value, to a person in a sentence."""
    if args.json:
        write_json(value)
    else:
        print(sentence)


def write_json(value: object) -> None:
    """Write one JSON document."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def write_table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Write aligned columns, or what to say when there is nothing."""
    if not rows:
        print(empty)
        return
    widths = [max(len(row[i]) for row in (titles, *rows)) for i in range(len(titles))]
    for row in (titles, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def local_time(moment: float) -> str:
    """Write a moment in this machine's time zone."""
    return datetime.fromtimestamp(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def span(seconds: float) -> str:
    """Write a duration with its two largest units, such as `2 h 5 min`."""
    left = round(abs(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def printable(text: str) -> str:
    """Show what a stranger wrote without letting it move the cursor."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
