"""Token mode: a pass is checked here, from memory; nobody is asked."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import weakref
from typing import TYPE_CHECKING, Final

from gatepass.jose import ClaimError, JoseError, KeyNotFound, jwt
from gatepass.oauth import AccessToken, OAuthError, access_token_policy
from gatepass.verifier.errors import Unauthenticated, Unavailable
from gatepass.verifier.fetch import HttpFetch, require_http_client
from gatepass.verifier.follower import Follower, process_follower
from gatepass.verifier.following import Following, KeyWork
from gatepass.verifier.freshness import DEFAULT
from gatepass.verifier.issuer import Issuer
from gatepass.verifier.keyset import KeyTerms, TrustedKeys
from gatepass.verifier.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.errors import Refused
    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.freshness import Freshness
    from gatepass.verifier.keyset import View

log: Final = logging.getLogger("gatepass.verifier")

DEFAULT_ALGORITHMS: Final = frozenset({"ES256", "Ed25519", "PS256"})
"""What FAPI 2.0 §5.4.1 allows. RS256 (PKCS #1 v1.5) is there for who names it."""

ALLOWED_ALGORITHMS: Final = DEFAULT_ALGORITHMS | {
    *("ES384", "ES512", "PS384", "PS512", "RS256", "RS384", "RS512", "Ed448", "EdDSA"),
    *("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
}
"""What a Verifier may be told to accept: signatures only, since a published key is no shared secret."""


class Verifier:
    """Checks access tokens of one issuer for one audience, from memory only.

    The keys are fetched in the background, by one thread per process that starts with the first check (or
    `ready`). A check never waits: without keys it raises `Unavailable`.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        algorithms: frozenset[str] = DEFAULT_ALGORITHMS,
        leeway: int = 30,
        terms: KeyTerms | None = None,
        cache_size: int = 10_000,
        clock: Callable[[], float] = time.time,
        make_fetch: Callable[[], Fetch] | None = None,
        follower: Follower | None = None,
    ) -> None:
        if not algorithms <= ALLOWED_ALGORITHMS:
            raise ValueError(f"not allowed: {', '.join(sorted(algorithms - ALLOWED_ALGORITHMS))}")
        self.audience = audience
        self._policy = access_token_policy(
            issuer=issuer, audience=audience, algorithms=algorithms, leeway=leeway
        )
        self.clock = clock
        self._trust = TrustedKeys(terms=terms or KeyTerms(), cache_size=cache_size, jitter=random.random)
        self._work = KeyWork(Issuer(issuer, algorithms=algorithms), self._trust, clock=clock)
        if make_fetch is None:
            require_http_client()
        self._make_fetch = make_fetch or HttpFetch
        self._follower = follower or process_follower()
        self._following = Following.never()
        weakref.finalize(self, self._follower.unfollow, self._work).atexit = False

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:  # noqa: ARG002
        """Check a pass; does not wait, and is async only to be used like a `SessionVerifier`.

        Raises `Unauthenticated`, `Unavailable`.
        """
        return self.check_token(pass_text, now=self.clock())

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:  # noqa: ARG002
        """Check a pass in a thread that may wait. Raises `Unauthenticated`, `Unavailable`."""
        return self.check_token(pass_text)

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:  # noqa: ARG002
        """Wait until a Principal that was checked no longer holds, and say why."""
        await asyncio.sleep(max(0.0, principal.expires_at - self.clock()))
        return Unauthenticated("expired")

    def check_token(self, token: str, *, now: float | None = None) -> Principal:
        """Check an access token from memory (RFC 9068 §4). Raises `Unauthenticated`, `Unavailable`."""
        # The hot path: a token seen before costs 0.6 µs, its time and the keys' age checked.
        if now is None:
            now = self.clock()
        if not self._following.alive:
            self._follow()
        view = self._trust.view
        if view is None or now >= view.good_until:
            raise self._without_keys(now=now)
        principal = view.tokens.get(token)
        if principal is not None and now < principal.expires_at:
            return principal
        principal = self._verify(token, view, now=now)
        view.tokens.put(token, principal)
        return principal

    async def ready(self, within: float = 5) -> None:
        """Start following and wait for the first keys, at start-up. Raises `Unavailable` after `within` s."""
        end = time.monotonic() + within
        self._follow()
        while self._trust.view is None:
            if time.monotonic() >= end:
                raise self._without_keys(now=self.clock())
            await asyncio.sleep(0.01)  # the keys come from another thread, and this happens once

    async def close(self) -> None:
        """Stop following; a later check would begin again."""
        self._follower.unfollow(self._work)

    def _follow(self) -> None:
        self._following = self._follower.follow(self._work, self._make_fetch)

    def _verify(self, token: str, view: View, *, now: float) -> Principal:
        try:
            verified = jwt.verify(token, view.keys, self._policy, now=now)
            return Principal.of_token(AccessToken.from_claims(verified.claims), verified.claims)
        except KeyNotFound as error:
            if error.kid is not None and self._trust.may_fetch_early(now=now):
                self._following.wake()
            raise _refused(error, kid=error.kid) from None
        except (JoseError, OAuthError) as error:
            raise _refused(error, kid=_kid(token)) from None

    def _without_keys(self, *, now: float) -> Unavailable:
        reason = "no_keys_yet" if self._trust.view is None else "keys_too_old"
        log.info("cannot check tokens: %s", reason)  # for each request; the follower warns once a try
        return Unavailable(reason, retry_after=self._trust.retry_after(now=now))


def _refused(error: JoseError | OAuthError, *, kid: str | None) -> Unauthenticated:
    """Say in the log exactly why, never with the token; tell the client nothing of it."""
    claim = error.claim if isinstance(error, ClaimError) else None
    # A stranger's word: quoted, so it cannot forge a line, and cut, so it cannot fill the disk.
    log.info("token refused: code=%s kid=%.80r claim=%s", error.code, kid and kid[:64], claim)
    return Unauthenticated(error.code)


def _kid(token: str) -> str | None:
    if not log.isEnabledFor(logging.INFO):
        return None
    try:
        kid = jwt.peek(token).header.get("kid")
    except JoseError:
        return None
    return kid if isinstance(kid, str) else None
