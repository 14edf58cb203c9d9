"""A table of marks: a million entries in 23 MB, read by any thread without a lock.

Marks are cut from hashes, so their first bits spread them evenly over shards of a few hundred. A shard is
sorted, and never changed once somebody may read it: who adds an entry replaces the shard.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import Final, NamedTuple

_SHIFT: Final = 48 - 12
"""4,096 shards: at a million entries each has 250, so that copying one costs two microseconds."""

_LAST_END: Final = 2**32 - 1
"""The year 2106: what four bytes can say. No entry is needed for longer."""


class _Shard(NamedTuple):
    """Three columns of one length, in the order of the marks."""

    marks: array[int]
    bounds: array[int]
    ends: array[int]


class MarkTable:
    """Marks of 48 bits, each with a bound and with the second after which it is forgotten.

    One thread changes it. Of two entries of one mark the stricter bound and the later end count.
    """

    __slots__ = ("_shards",)

    def __init__(self) -> None:
        self._shards: dict[int, _Shard] = {}

    def bound(self, mark: int) -> int | None:
        """Give the bound of a mark, or None where there is no such entry."""
        shard = self._shards.get(mark >> _SHIFT)
        if shard is None:
            return None
        marks = shard.marks
        place = bisect_left(marks, mark)
        return shard.bounds[place] if place < len(marks) and marks[place] == mark else None

    def add(self, mark: int, *, bound: int, end: int) -> None:
        """Add an entry to a table that others read."""
        number = mark >> _SHIFT
        shard = self._shards.get(number)
        copy = _empty() if shard is None else _Shard(*(column[:] for column in shard))
        _insert(copy, mark, bound=bound, end=end)
        self._shards[number] = copy

    def load(self, mark: int, *, bound: int, end: int) -> None:
        """Add an entry to a table that nobody reads yet: in place, several times as fast."""
        number = mark >> _SHIFT
        shard = self._shards.get(number)
        if shard is None:
            shard = self._shards[number] = _empty()
        _insert(shard, mark, bound=bound, end=end)

    def load_all(self, other: MarkTable) -> None:
        """Add every entry of another table to one that nobody reads yet."""
        for shard in list(other._shards.values()):
            for mark, bound, end in zip(*shard, strict=True):
                self.load(mark, bound=bound, end=end)

    def forget(self, now: float) -> bool:
        """Drop every entry whose end has come, and say whether any was; `now` in seconds since the epoch."""
        dropped = False
        for number, shard in list(self._shards.items()):
            if min(shard.ends) <= now:
                dropped = True
                kept = [row for row in zip(*shard, strict=True) if row[2] > now]
                if kept:
                    marks, bounds, ends = zip(*kept, strict=True)
                    self._shards[number] = _Shard(array("Q", marks), array("Q", bounds), array("I", ends))
                else:
                    del self._shards[number]
        return dropped

    def __len__(self) -> int:
        return sum(len(shard.marks) for shard in list(self._shards.values()))

    def __bool__(self) -> bool:
        return bool(self._shards)


def _empty() -> _Shard:
    return _Shard(array("Q"), array("Q"), array("I"))


def _insert(shard: _Shard, mark: int, *, bound: int, end: int) -> None:
    marks, bounds, ends = shard
    end = min(end, _LAST_END)
    place = bisect_left(marks, mark)
    if place < len(marks) and marks[place] == mark:
        bounds[place] = max(bounds[place], bound)
        ends[place] = max(ends[place], end)
    else:
        marks.insert(place, mark)
        bounds.insert(place, bound)
        ends.insert(place, end)
