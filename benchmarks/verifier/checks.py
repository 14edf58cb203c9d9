"""Microseconds of one check, by CPU time: a token seen first, seen again, seen after a change."""

import asyncio
import gc
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import cycle
from typing import Any

import jwt as pyjwt
import msgspec

from benchmarks.jose.material import material
from benchmarks.jose.raw import verifier as raw_verifier
from benchmarks.rounds import Run, medians, of_one_thread
from gatepass.jose import jwt
from gatepass.oauth import Selector, Selects, access_token_policy
from gatepass.testing import FakeIssuer
from gatepass.verifier import Verifier

Figures = dict[str, dict[str, float]]  # what is checked -> contender -> microseconds

ALGORITHMS = ("ES256", "Ed25519", "RS256")
LIFETIME = 3_600  # seconds
READY_WITHIN = 120.0  # seconds; a view of a million entries is there in ten


def cold(rounds: int) -> Figures:
    """A token that was never seen: signature, claims and revocations."""
    figures: Figures = {}
    for alg in ALGORITHMS:
        issuer = FakeIssuer(alg=alg)
        verifier = issuer.verifier(algorithms=frozenset({alg}), cache_size=1)
        asyncio.run(verifier.ready(READY_WITHIN))
        # Two tokens in turn, and room for one: each is new every time.
        tokens = cycle([_token(issuer), _token(issuer)])
        contenders = {
            "raw": of_one_thread(raw_verifier(material(alg), _token(issuer).rpartition(".")[0].encode())),
            "jose.jwt.verify": of_one_thread(_jose(issuer, alg, tokens)),
            "Verifier": of_one_thread(_first_seen(verifier, tokens)),
            "PyJWT + PyJWKClient": of_one_thread(_pyjwt(alg)),
        }
        figures[alg] = _microseconds(contenders, rounds)
        asyncio.run(verifier.close())
    return figures


def warm(rounds: int, views: Iterable[int]) -> Figures:
    """A token that was seen before, with so many live entries in the view.

    After a change of the view it is looked up again, once.
    """
    with asyncio.Runner() as runner:
        again: dict[str, Run] = {"a dictionary and the clock": of_one_thread(_floor())}
        changed: dict[str, Run] = {}
        for entries in views:
            issuer = FakeIssuer()
            issuer.feed.entries.extend(entries_of(entries, until=int(time.time()) + LIFETIME))
            verifier = issuer.verifier()
            runner.run(verifier.ready(READY_WITHIN))
            token = _token(issuer)
            again[f"check_token, {entries:,} entries"] = of_one_thread(partial(verifier.check_token, token))
            again[f"await check, {entries:,} entries"] = _in_loop(runner, partial(verifier.check, token))
            changed[f"check_token, {entries:,} entries"] = of_one_thread(_after_a_change(verifier, token))
        issuer = FakeIssuer()
        sessions = issuer.session_verifier(cache_for=LIFETIME)
        session = issuer.session(permissions=["appointments:read"])
        runner.run(sessions.check(session))
        again["await SessionVerifier.check, cache_for"] = _in_loop(runner, partial(sessions.check, session))
        gc.collect()
        gc.freeze()
        return {"seen again": _microseconds(again, rounds), "after a change": _microseconds(changed, rounds)}


def entries_of(count: int, *, until: int) -> list[Selector]:
    """Sessions that ended, at random places."""
    return [Selector(Selects.SID, int.from_bytes(secrets.token_bytes(6)), 0, until) for _ in range(count)]


def _token(issuer: FakeIssuer) -> str:
    return issuer.token(
        permissions=["appointments:read", "appointments:write"],
        roles=["doctor"],
        expires_in=LIFETIME,
        name="Ada Example",
        email="ada@clinic.example",
    )


def _first_seen(verifier: Verifier, tokens: "cycle[str]") -> Callable[[], object]:
    return lambda: verifier.check_token(next(tokens))


def _jose(issuer: FakeIssuer, alg: str, tokens: "cycle[str]") -> Callable[[], object]:
    keys = issuer.jwks()
    policy = access_token_policy(
        issuer=issuer.issuer, audience=issuer.audience, algorithms=frozenset({alg}), leeway=30
    )
    return lambda: jwt.verify(next(tokens), keys, policy, now=time.time())


class _Fetched(pyjwt.PyJWKClient):
    """PyJWKClient without the network: the answer is there at once, and cached by its own rules."""

    def __init__(self, issuer: FakeIssuer) -> None:
        super().__init__(issuer.metadata().jwks_uri or "")
        self._answer = msgspec.json.decode(msgspec.json.encode(issuer.jwks().to_jwks()))

    def fetch_data(self) -> Any:
        return self._answer


def _pyjwt(alg: str) -> Callable[[], object]:
    name = "EdDSA" if alg == "Ed25519" else alg  # it knows the algorithm by its older name only (RFC 9864)
    issuer = FakeIssuer(alg=name)
    client, token = _Fetched(issuer), _token(issuer)

    def check() -> object:
        key = client.get_signing_key_from_jwt(token)
        return pyjwt.decode(token, key, algorithms=[name], audience=issuer.audience, issuer=issuer.issuer)

    return check


def _after_a_change(verifier: Verifier, token: str) -> Callable[[], object]:
    revocations = verifier.watch.revocations

    def check() -> object:
        revocations.changes += 1
        return verifier.check_token(token)

    return check


def _floor() -> Callable[[], object]:
    token = secrets.token_urlsafe(400)
    held = {token: object()}
    return lambda: (time.time(), held.get(token))


def _in_loop(runner: asyncio.Runner, operation: Callable[[], Awaitable[object]]) -> Run:
    async def repeat(count: int) -> float:
        start = time.thread_time()
        for _ in range(count):
            await operation()
        return time.thread_time() - start

    return lambda count: runner.run(repeat(count))


def _microseconds(contenders: dict[str, Run], rounds: int) -> dict[str, float]:
    return {name: seconds * 1e6 for name, seconds in medians(contenders, rounds=rounds).items()}
