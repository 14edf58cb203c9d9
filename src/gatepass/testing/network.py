"""What stands in for the network: a `Fetch` that a `FakeIssuer` answers, in the same process."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, urlsplit

import msgspec

from gatepass.testing.feed import Reader
from gatepass.verifier import Document, FetchFailed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gatepass.jose import KeySet
    from gatepass.oauth import ServerMetadata
    from gatepass.testing.feed import FakeFeed


class Answering(Protocol):
    """What an issuer says when it is asked."""

    feed: FakeFeed

    @property
    def down(self) -> bool:
        """Whether nobody answers."""
        ...

    @property
    def metadata_url(self) -> str:
        """Where the metadata are."""
        ...

    def metadata(self) -> ServerMetadata:
        """Say where everything is."""
        ...

    def jwks(self) -> KeySet:
        """Give the published keys."""
        ...

    def check_session(self, session_id: str) -> bytes:
        """Answer about a session id."""
        ...

    def check_token(self, token: str) -> bytes:
        """Answer about a token."""
        ...


class FakeNetwork:
    """Answers at once; while the issuer is down, as a machine does that is not there."""

    def __init__(self, issuer: Answering) -> None:
        self._issuer = issuer
        self._reader = Reader()

    async def get(self, url: str, *, patience: float = 0) -> Document:  # noqa: ARG002 (nobody waits here)
        """Fetch a document. Raises `FetchFailed`."""
        metadata = self._metadata()
        if url == self._issuer.metadata_url:
            return Document(metadata.to_json())
        if url == metadata.jwks_uri:
            return Document(msgspec.json.encode(self._issuer.jwks().to_jwks()))
        if _place(url) == metadata.revocations_endpoint:
            return Document(self._issuer.feed.page(_after(url), self._reader).encode())
        raise FetchFailed("status_404")

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        """Ask about a pass. Raises `FetchFailed`."""
        metadata = self._metadata()
        if url == metadata.session_check_endpoint:
            return self._issuer.check_session(pass_text)
        if url == metadata.token_check_endpoint:
            return self._issuer.check_token(pass_text)
        raise FetchFailed("status_404")

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        """Follow the feed. Raises `FetchFailed` when the issuer goes down."""
        self._metadata()
        pages = self._issuer.feed.stream(_after(url), self._reader, heartbeat=silence / 3)
        async with aclosing(pages):
            async for page in pages:
                self._metadata()
                yield page

    async def close(self) -> None:
        """Follow no more."""
        self._issuer.feed.leave(self._reader)

    def _metadata(self) -> ServerMetadata:
        if self._issuer.down:
            self._issuer.feed.cut_off(self._reader)
            raise FetchFailed("unreachable")
        return self._issuer.metadata()


def _place(url: str) -> str:
    return urlsplit(url)._replace(query="").geturl()


def _after(url: str) -> str | None:
    return parse_qs(urlsplit(url).query).get("after", [None])[0]
