"""The pool of password hashes: a "no" takes as long whatever hash there is, once imported ones were seen."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from base64 import b64encode
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from gatepass.auth import PasswordsBusy
from gatepass.auth.passwords import Profile
from gatepass.server import PasswordPool, passwords
from gatepass.server.passwords import QUEUE_PER_THREAD, cores

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 1_000
IMPORTED = (
    f"pbkdf2_sha256${ROUNDS}$salt$"
    + b64encode(hashlib.pbkdf2_hmac("sha256", b"password", b"salt", ROUNDS)).decode()
)


@pytest.fixture
def pool() -> Iterator[PasswordPool]:
    made = PasswordPool(entropy=os.urandom, profile=Profile(memory=8, passes=1, lanes=1), threads=1)
    yield made
    made.close()


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the next verifications take, in seconds, by a clock that says so."""
    costs: list[float] = []

    def readings() -> Iterator[float]:
        while True:
            yield 0.0
            yield costs.pop(0)

    clock = readings()
    monkeypatch.setattr(passwords, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    return costs


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return waited


async def test_without_imported_hashes_nobody_waits(pool: PasswordPool, waits: list[float]) -> None:
    ours = await pool.hash("password")
    assert await pool.verify(ours, "password")
    assert not await pool.verify(ours, "another")
    assert not await pool.verify(None, "password")
    assert waits == []


async def test_since_the_first_imported_hash_every_no_takes_as_long_and_a_yes_as_ever(
    pool: PasswordPool, waits: list[float], costs: list[float]
) -> None:
    costs[:] = [0.75, 0.25, 0.5, 0.25, 1, 0.5, 5, 0.25]
    assert await pool.verify(IMPORTED, "password")
    assert not await pool.verify(None, "password")
    assert not await pool.verify(await pool.hash("password"), "another")
    assert waits == [0.5, 0.25]
    assert await pool.verify(await pool.hash("password"), "password")
    assert not await pool.verify(None, "password")  # one that took longer by itself
    assert not await pool.verify(None, "password")
    assert waits == [0.5, 0.25, 0.25]
    assert await pool.verify(IMPORTED, "password")  # on a machine that stood still: nobody waits as long
    assert not await pool.verify(None, "password")
    assert waits == [0.5, 0.25, 0.25, 0.75]


async def test_who_would_wait_too_long_is_refused_in_words_of_auths() -> None:
    go_on = threading.Event()

    def slowly(count: int) -> bytes:
        go_on.wait(60)
        return bytes(count)

    pool = PasswordPool(entropy=slowly, profile=Profile(memory=8, passes=1, lanes=1), threads=1)
    crowd = [asyncio.create_task(pool.hash("password")) for _ in range(1 + QUEUE_PER_THREAD)]
    await asyncio.sleep(0)  # each has its place in the queue
    with pytest.raises(PasswordsBusy):
        await pool.hash("password")
    go_on.set()
    assert len(set(await asyncio.gather(*crowd))) == 1
    pool.close()


def test_there_is_a_thread_for_each_core_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")  # macOS, Windows
    assert cores() == 8
