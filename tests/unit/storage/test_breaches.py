"""The operator's list of breached passwords: found by halving, never read whole."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from gatepass.auth import StorageUnavailable
from gatepass.storage import BreachesUnusable, BreachFile
from gatepass.storage.breaches import LINE_AT_MOST

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

LOST = [f"lost {number}" for number in range(3_000)]
KEPT = [f"kept {number}" for number in range(3_000)]


def line(password: str, count: int = 42) -> bytes:
    return b"%s:%d" % (hashlib.sha1(password.encode()).hexdigest().upper().encode(), count)  # noqa: S324


def listed(passwords: Iterable[str], *, end: bytes = b"\r\n") -> bytes:
    """Write a list as it is published; the counts make lines of every length."""
    lines = [line(password, 7 ** (number % 12)) for number, password in enumerate(passwords)]
    return b"".join(one + end for one in sorted(lines))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pwnedpasswords.txt"


def write(path: Path, content: bytes) -> BreachFile:
    path.write_bytes(content)
    return BreachFile.open(path)


def spoil(path: Path, content: bytes) -> None:
    """Write over it, instead of putting another in its place."""
    path.write_bytes(content)


FORMS = {
    "as it was published": listed(LOST),
    "as the downloader writes it": listed(LOST, end=b"\n"),
    "without an end of its last line": listed(LOST).removesuffix(b"\r\n"),
    "no longer than a look": listed(LOST[:20]),
    "a single line": listed(LOST[:1]),
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS.keys())
async def test_what_is_in_it_is_found_and_nothing_else(path: Path, content: bytes) -> None:
    breaches = write(path, content)
    there = [password for password in LOST if line(password).partition(b":")[0] in content]
    assert there
    assert [password for password in there + KEPT if await breaches.has(password)] == there
    breaches.close()


async def test_a_look_up_reads_little_however_long_the_list(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaches = write(path, listed(LOST))
    reads: list[int] = []
    pread = os.pread

    def counted(descriptor: int, size: int, place: int) -> bytes:
        reads.append(size)
        return pread(descriptor, size, place)

    monkeypatch.setattr(os, "pread", counted)
    for password in (LOST[0], KEPT[0]):
        reads.clear()
        await breaches.has(password)
        assert len(reads) <= 6  # 150 KB in halves, down to 8: one read more for each doubling
        assert sum(reads) <= 8_192 + 6 * 2 * LINE_AT_MOST
    breaches.close()


UNUSABLE = {
    "empty": (b"", "first line"),
    "passwords themselves": (b"password\n123456\n", "first line"),
    "hashes of another kind": (b"32ED87BDB5FDC5E9CBA88547376818D4:1\n", "first line"),
    "lower case": (listed(LOST).lower(), "first line"),
    "ordered by how often they were seen": (b"\n".join(line(lost) for lost in LOST) + b"\n", "in order"),
    "upside down": (b"\n".join(reversed(listed(LOST, end=b"\n").splitlines())) + b"\n", "in order"),
    "cut off in the middle of a hash": (listed(LOST)[:100_020], "whole"),
    "something else from the middle on": (listed(LOST[:999]) + b"\0" * 60_000, "near byte"),
}


@pytest.mark.parametrize(("content", "why"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_is_no_such_list_is_refused_at_once(path: Path, content: bytes, why: str) -> None:
    with pytest.raises(BreachesUnusable, match=why) as refused:
        write(path, content)
    assert "ordered by hash" in str(refused.value)


def test_a_file_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(BreachesUnusable, match="No such file"):
        BreachFile.open(path)
    with pytest.raises(BreachesUnusable, match="directory"):
        BreachFile.open(path.parent)


def test_a_system_that_can_not_read_it_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread")
    with pytest.raises(BreachesUnusable, match="needs pread"):
        write(path, listed(KEPT))


async def test_a_list_that_turns_out_spoiled_lets_nothing_pass(path: Path) -> None:
    content = listed(LOST)
    breaches = write(path, content)
    spoil(path, b"x" * len(content))
    with pytest.raises(StorageUnavailable, match="breached passwords"):
        await breaches.has(LOST[0])
    breaches.close()


async def test_one_spoiled_line_among_those_that_are_read_lets_nothing_pass(path: Path) -> None:
    content = listed(LOST[:20])
    breaches = write(path, content)
    spoil(path, content.replace(line(LOST[7]).partition(b":")[0], b"x" * 40))
    for password in (LOST[7], KEPT[0]):
        with pytest.raises(StorageUnavailable, match="breached passwords"):
            await breaches.has(password)
    breaches.close()


async def test_a_list_put_in_its_place_counts_for_who_opens_it(path: Path) -> None:
    before = write(path, listed(LOST[:1_000]))
    fresh = path.with_suffix(".new")
    write(fresh, listed(LOST[1_000:])).close()
    fresh.replace(path)
    after = BreachFile.open(path)
    assert [await one.has(LOST[0]) for one in (before, after)] == [True, False]
    assert [await one.has(LOST[-1]) for one in (before, after)] == [False, True]
    before.close()
    after.close()
