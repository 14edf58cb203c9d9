"""A world for the revocation feed: pages signed as a test wants them, and a follower that takes one turn."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.unit.verifier.world import ISSUER, KEY, NOW, Clock, Network, metadata

from gatepass.jose import Key, KeySet, jwt
from gatepass.oauth import REVOCATIONS_TYP, Page, Selector, Selects, mark_of, metadata_url
from gatepass.verifier import Document, FetchFailed, KeyTerms, Principal
from gatepass.verifier.feed import FeedTerms, FeedWork
from gatepass.verifier.issuer import Issuer
from gatepass.verifier.keyset import TrustedKeys
from gatepass.verifier.revocations import Revocations

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gatepass.verifier.shelf import Shelf

FEED = f"{ISSUER}/revocations"
STREAM = f"{ISSUER}/revocations/stream"
LEEWAY = 30
END = int(NOW) + 3_660

SILENCE = "silence"
"""In a stream: nothing more is said, and the line stays open."""


def entry(selects: Selects, text: str = "", *, below: int = 0, end: int = END) -> Selector:
    return Selector(selects, 0 if selects is Selects.ALL else mark_of(text), below, end)


def sid(text: str, *, end: int = END) -> Selector:
    return entry(Selects.SID, text, end=end)


def page(
    *entries: Selector,
    after: int | None = None,
    seq: int | None = None,
    more: bool = False,
    true_at: float = NOW,
    log: str = "log",
) -> Page:
    return Page(
        log=log,
        after=after,
        seq=(after or 0) + len(entries) if seq is None else seq,
        more=more,
        true_at=int(true_at * 1000),
        selectors=entries,
    )


def signed(
    one: Page, key: Key = KEY, *, typ: str = REVOCATIONS_TYP, issuer: str = ISSUER, **claims: Any
) -> str:
    return jwt.sign({**one.to_claims(issuer=issuer), **claims}, key, typ=typ)


def principal(**changes: Any) -> Principal:
    """Give a user whose token was verified; `claims` are the ones that entries look at."""
    claims = {"iat": int(NOW) - 60, "jti": "a-jti", "client_id": "a-client"} | changes.pop("claims", {})
    facts = {
        "subject": "ada",
        "session": "a-session",
        "epoch": 3,
        "auth_time": int(NOW) - 60,
        "expires_at": int(NOW) + 600,
        "mode": "token",
        "kid": KEY.kid,
        "claims": claims,
    }
    return Principal(**{**facts, **changes})


@dataclass
class FeedNetwork(Network):
    """Answers each request for a page, and each stream, with what is next; then as if Auth were gone."""

    pages: list[str | Exception] = field(default_factory=list)
    streams: list[list[str | Exception]] = field(default_factory=list)

    async def get(self, url: str, *, patience: float = 0) -> Document:
        if not url.startswith(FEED):
            return await super().get(url)
        self.asked.append(url)
        return Document(said(self.pages.pop(0) if self.pages else FetchFailed("unreachable")).encode())

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        self.asked.append(url)
        if not self.streams:
            raise FetchFailed("unreachable")
        for event in self.streams.pop(0):
            if event is SILENCE:
                await asyncio.Event().wait()
            yield said(event)


def said(answer: str | Exception) -> str:
    if isinstance(answer, Exception):
        raise answer
    return answer


class FeedWorld:
    """One follower of one feed, which takes a turn when it is told to."""

    def __init__(self, clock: Clock, *, terms: FeedTerms | None = None, shelf: Shelf | None = None) -> None:
        self.clock = clock
        self.monotonic = Clock(1_000.0)
        self.net = FeedNetwork()
        self.says(stream=True)
        self.keys = TrustedKeys(terms=KeyTerms(), cache_size=10, jitter=lambda: 1.0)
        self.publishes(KEY)
        self.revocations = Revocations(leeway=LEEWAY)
        self.rung = 0
        self.strangers = 0
        self.work = FeedWork(
            Issuer(ISSUER, algorithms=frozenset({"ES256"})),
            self.keys,
            self.revocations,
            algorithms=frozenset({"ES256"}),
            leeway=LEEWAY,
            terms=terms or FeedTerms(),
            shelf=shelf,
            clock=clock,
            monotonic=self.monotonic,
            jitter=lambda: 1.0,
            changed=self._ring,
            unknown_kid=self._stranger,
        )

    def says(self, **endpoints: bool) -> None:
        """Let the metadata name the feed, and the stream where there is one."""
        feed = {"revocations_endpoint": FEED} if endpoints.get("feed", True) else {}
        stream = {"revocations_stream_endpoint": STREAM} if endpoints.get("stream") else {}
        changed = type(metadata())(issuer=ISSUER, jwks_uri=metadata().jwks_uri, **feed, **stream)
        self.net.answers[metadata_url(ISSUER)] = changed.to_json()

    def publishes(self, *keys: Key) -> None:
        self.keys.fetched(KeySet([key.public() for key in keys]), max_age=None, now=self.clock())

    async def turn(self, *pages: str | Exception, stream: list[str | Exception] | None = None) -> float:
        """Answer with these pages, then with this stream, and give how long the follower would wait."""
        self.net.pages = list(pages)
        self.net.streams = [] if stream is None else [stream]
        return await self.work.turn(self.net)

    def pass_by(self, seconds: float) -> None:
        self.clock.pass_by(seconds)
        self.monotonic.pass_by(seconds)

    @property
    def age(self) -> float:
        return self.clock() - self.revocations.age.heard_at

    def ended(self, session: str) -> bool:
        return self.revocations.verdict(principal(session=session)) is not None

    def _ring(self) -> None:
        self.rung += 1

    def _stranger(self) -> None:
        self.strangers += 1
