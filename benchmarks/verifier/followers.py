"""Many followers of one feed in one process: a child of `kicks`, told by its standard input.

Two kinds. *Verifiers* are what a Service has: `FeedWork` with its own view, over its own stream, which
verifies every page by itself; the moment counts when its view refuses the session's token. *Bare* ones only
note when a page has arrived: that is Auth's part of the way, and the network's. Where there are both, the
Verifiers count, and the bare ones keep Auth as busy as more Verifiers would.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from gatepass.jose import KeySet, jwt
from gatepass.oauth import AccessToken
from gatepass.verifier.feed import FeedTerms, FeedWork
from gatepass.verifier.fetch import HttpFetch
from gatepass.verifier.issuer import Issuer
from gatepass.verifier.keyset import KeyTerms, TrustedKeys
from gatepass.verifier.principal import Principal
from gatepass.verifier.revocations import Revocations
from gatepass.verifier.watch import DEFAULT_ALGORITHMS

LEEWAY = 30  # seconds
PATIENCE = 120.0
"""Seconds until all must follow; a run that hangs tells nobody what is wrong."""

Noted = Callable[[int, float], None]  # which kick, and when (seconds of the monotonic clock)


class Tally:
    """When each follower took note of each kick; says so when all have."""

    def __init__(self, *, followers: int, counting: int) -> None:
        self._followers = followers
        self._counting = counting
        self._times: dict[int, list[float]] = {}
        self._following = 0
        self.everybody = asyncio.Event()

    def note(self, kick: int, at: float) -> None:
        """Take note of one follower's moment."""
        times = self._times.setdefault(kick, [])
        times.append(at)
        if len(times) == self._counting:
            _tell({"kick": kick, "at": self._times.pop(kick)})

    def follows(self) -> None:
        """Take note that one more follows."""
        self._following += 1
        if self._following == self._followers:
            self.everybody.set()


class Verifying:
    """A follower as in a Service."""

    def __init__(self, url: str, keys: TrustedKeys, principals: list[Principal], tally: Tally) -> None:
        self._revocations = Revocations(leeway=LEEWAY)
        self._principals = principals
        self._tally = tally
        self._refused = -1  # the first change is the full answer
        self.work = FeedWork(
            Issuer(url, algorithms=DEFAULT_ALGORITHMS),
            keys,
            self._revocations,
            algorithms=DEFAULT_ALGORITHMS,
            leeway=LEEWAY,
            terms=FeedTerms(),
            shelf=None,
            clock=time.time,
            monotonic=time.monotonic,
            jitter=random.random,
            changed=self._changed,
            unknown_kid=_nothing,
        )

    def _changed(self) -> None:
        if self._refused < 0:
            self._refused = 0
            self._tally.follows()
        # One at a time: the next is kicked out when all have refused this one.
        elif self._revocations.verdict(self._principals[self._refused]) is not None:
            self._tally.note(self._refused, time.monotonic())
            self._refused += 1


class Bare(asyncio.Protocol):
    """A stream of which nothing but the place is read."""

    def __init__(self, url: str, tally: Tally, *, note: Noted) -> None:
        self._host = urlsplit(url).netloc
        self._tally = tally
        self._note = note
        self._event = b""
        self._first: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(f"GET /revocations/stream HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._event += data
        if not self._event.endswith(b"\n\n\r\n") or b"\nid: " not in self._event:
            return
        place = int(self._event.partition(b"\nid: ")[2].partition(b"\n")[0].rpartition(b".")[2])
        self._event = b""
        if self._first is None:
            self._first = place
            self._tally.follows()
        elif place > self._first:
            self._note(place - self._first - 1, now)


async def follow(told: dict[str, Any]) -> None:
    """Follow until the standard input ends."""
    url, kinds = told["url"], told["kinds"]
    verifiers = kinds.count("verifier")
    tally = Tally(followers=len(kinds), counting=verifiers or len(kinds))
    note = _pass_over if verifiers else tally.note
    tasks: list[asyncio.Task[float]] = []
    # As in a Service, but for one thing: a process has one set of keys and one client for all its views.
    fetch = HttpFetch(connections=len(kinds) + 10)
    try:
        keys = TrustedKeys(terms=KeyTerms(), cache_size=1, jitter=random.random)
        trusted, _ = await Issuer(url, algorithms=DEFAULT_ALGORITHMS).keys(fetch)
        keys.fetched(trusted, max_age=None, now=time.time())
        principals = [_principal(token, trusted) for token in told["tokens"]]
        parts = urlsplit(url)
        for kind in kinds:
            if kind == "verifier":
                work = Verifying(url, keys, principals, tally).work
                tasks.append(asyncio.create_task(work.turn(fetch)))
            else:
                await asyncio.get_running_loop().create_connection(
                    lambda: Bare(url, tally, note=note), parts.hostname, parts.port
                )
            if len(tasks) % 20 == 0:
                await asyncio.sleep(0.01)  # Services do not start all in one moment
        async with asyncio.timeout(PATIENCE):
            await tally.everybody.wait()
        _tell({"following": len(kinds)})
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await fetch.close()


def _principal(token: str, keys: KeySet) -> Principal:
    unverified = jwt.peek(token)  # Auth has just made it for us
    claims = AccessToken.from_claims(unverified.claims)
    return Principal.of_token(claims, unverified.claims, kid=next(iter(keys)).kid)


def _tell(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)


def _pass_over(kick: int, at: float) -> None:
    """Others count."""


def _nothing() -> None:
    """No key is rotated here."""


if __name__ == "__main__":
    asyncio.run(follow(json.loads(sys.stdin.readline())))
