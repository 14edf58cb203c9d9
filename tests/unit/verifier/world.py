"""A world for the Verifier: an issuer with keys, a clock that stands still, a dictionary for a network."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from gatepass.jose import Key, KeySet, jwt
from gatepass.oauth import AccessToken, Introspection, ServerMetadata, metadata_url
from gatepass.verifier import Document, FetchFailed, Follower, Verifier

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

NOW = 1_800_000_000.0
ISSUER = "https://auth.example"
AUDIENCE = "clinic"
JWKS_URI = f"{ISSUER}/.well-known/jwks.json"
SESSION_CHECK = f"{ISSUER}/api/session/check"
SESSION_PASS = "gps_" + "A" * 43
PATIENCE = 60  # seconds: what does not come at all is told by then, and a machine may be very slow

KEY = Key.generate("ES256")


@dataclass
class Clock:
    """Stands at `now` until told otherwise."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


def metadata(issuer: str = ISSUER) -> ServerMetadata:
    return ServerMetadata(
        issuer=issuer,
        jwks_uri=f"{issuer}/.well-known/jwks.json",
        session_check_endpoint=f"{issuer}/api/session/check",
    )


def jwks(*keys: Key) -> bytes:
    return msgspec.json.encode(KeySet([key.public() for key in keys]).to_jwks())


@dataclass
class Network:
    """Answers from a dictionary; an exception in it is raised. Counts what was asked."""

    answers: dict[str, bytes | Exception] = field(default_factory=dict)
    max_age: float | None = None
    asked: list[str] = field(default_factory=list)
    passes: list[str] = field(default_factory=list)
    made: int = 0
    closed: int = 0

    def __call__(self) -> Network:
        self.made += 1
        return self

    async def get(self, url: str, *, patience: float = 0) -> Document:
        return Document(await self._answer(url), self.max_age)

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        self.passes.append(pass_text)
        return await self._answer(url)

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        yield (await self._answer(url)).decode()
        raise FetchFailed("stream_ended")

    async def close(self) -> None:
        self.closed += 1

    async def _answer(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)
        answer = self.answers.get(url, FetchFailed("status_404"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def count(self, url: str) -> int:
        return self.asked.count(url)


def network(*keys: Key) -> Network:
    """Give a network with one issuer, who publishes these keys."""
    return Network({metadata_url(ISSUER): metadata().to_json(), JWKS_URI: jwks(*(keys or (KEY,)))})


def claims(issuer: str = ISSUER, *, now: float = NOW, **changes: Any) -> dict[str, Any]:
    """Give the claims of an access token; a change to None takes the claim away."""
    token = AccessToken(
        iss=issuer,
        sub="ada",
        aud=AUDIENCE,
        client_id="clinic-web",
        exp=int(now) + 600,
        iat=int(now),
        nbf=int(now),
        jti="J" * 22,
        sid="S" * 22,
        epoch=3,
        auth_time=int(now) - 60,
        scope="openid profile",
        roles=frozenset({"doctor"}),
        permissions=frozenset({"appointments:read"}),
        name="Ada Lovelace",
        given_name="Ada",
        family_name="Lovelace",
        email="ada@clinic.example",
    )
    changed = {**token.to_claims(), **changes}
    return {name: value for name, value in changed.items() if value is not None}


def token(key: Key = KEY, *, typ: str = "at+jwt", **changes: Any) -> str:
    return jwt.sign(claims(**changes), key, typ=typ)


def introspection(issuer: str = ISSUER, *, now: float = NOW, **changes: Any) -> bytes:
    """Give Auth's answer about a session that holds."""
    said = claims(issuer, now=now, **changes)
    return msgspec.convert(said, Introspection).to_json()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (another thread has no event to give)
            await asyncio.sleep(0.002)


def verifier(net: Callable[[], Network], clock: Clock, follower: Follower, **options: Any) -> Verifier:
    """Make a verifier that looks at keys and claims; the revocation feed has tests of its own."""
    options.setdefault("feed", None)
    return Verifier(
        issuer=ISSUER, audience=AUDIENCE, clock=clock, make_fetch=net, follower=follower, **options
    )
