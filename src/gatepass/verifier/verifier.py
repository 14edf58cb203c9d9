"""Token mode: a pass is checked here, from memory; nobody is asked."""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from typing import TYPE_CHECKING, Final

from gatepass.jose import ClaimError, JoseError, KeyNotFound, jwt
from gatepass.oauth import (
    SHARED_ALGORITHM,
    AccessToken,
    Introspection,
    IntrospectionInvalid,
    OAuthError,
    SharedSecrets,
    access_token_policy,
    says_stale,
)
from gatepass.verifier.asking import Asking
from gatepass.verifier.cache import Held
from gatepass.verifier.envelope import Envelope
from gatepass.verifier.errors import TokenStale, Unauthenticated, Unavailable
from gatepass.verifier.feed import FeedTerms
from gatepass.verifier.fetch import FetchFailed, HttpFetch
from gatepass.verifier.follower import process_follower
from gatepass.verifier.freshness import DEFAULT
from gatepass.verifier.health import Counts
from gatepass.verifier.principal import Principal
from gatepass.verifier.revocations import Verdict
from gatepass.verifier.watch import ALLOWED_ALGORITHMS, DEFAULT_ALGORITHMS, RETRY_AFTER, Watch

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from gatepass.jose import Key, KeySet
    from gatepass.verifier.envelope import Encryption
    from gatepass.verifier.errors import Refused
    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.follower import Follower
    from gatepass.verifier.freshness import Freshness
    from gatepass.verifier.health import Health
    from gatepass.verifier.keyset import KeyTerms, View

log: Final = logging.getLogger("gatepass.verifier")

ASK_PATIENCE: Final = 2.0
"""Seconds for the one question that a guard with `on_stale="ask"` asks: somebody waits for the answer."""

FOLLOWER_PATIENCE: Final = 2 * ASK_PATIENCE
"""Seconds after which the follower itself is given up: a disk that hangs may hold it."""


class Verifier:
    """Checks access tokens of one issuer for one audience, from memory only.

    Keys and revocations come in the background, by one thread per process that starts with the first check
    (or `ready`). A check never waits: without keys, and with a view older than the guard's contract allows,
    it raises `Unavailable`.

    Args:
        issuer: Auth; its metadata say where the rest is.
        audience: the name of this Service, as tokens call it.
        algorithms: what a token may be signed with.
        shared_secrets: in the shared-secret mode, what Auth signs with; no key is fetched then, and only
            HS256 is accepted.
        decryption_keys: this Service's private keys, when Auth encrypts its tokens.
        encryption: with decryption keys, whether a token must be encrypted.
        leeway: seconds that the clocks of the two machines may differ.
        terms: how keys are kept.
        feed: how the revocation feed is followed. None for an issuer that has none: then nobody can be kicked
            out before a token expires.
        cache_size: verified tokens that are remembered.
        state_dir: a folder, of this Service alone, for the keys and the view: with it a Service can start
            while Auth is down.
        clock, monotonic, make_fetch, follower: what stands in for the two clocks, the network and the
            background thread, in tests.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        algorithms: frozenset[str] = DEFAULT_ALGORITHMS,
        shared_secrets: SharedSecrets | None = None,
        decryption_keys: Key | KeySet | None = None,
        encryption: Encryption = "required",
        leeway: int = 30,
        terms: KeyTerms | None = None,
        feed: FeedTerms | None = FeedTerms(),  # noqa: B008 (frozen)
        cache_size: int = 10_000,
        state_dir: str | os.PathLike[str] | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        make_fetch: Callable[[], Fetch] | None = None,
        follower: Follower | None = None,
    ) -> None:
        algorithms = _accepted(algorithms, shared_secrets)
        self.audience = audience
        self.clock = clock
        self.watch = Watch(
            issuer,
            algorithms=algorithms,
            shared_secrets=shared_secrets,
            leeway=leeway,
            terms=terms,
            feed=feed,
            cache_size=cache_size,
            state_dir=state_dir,
            clock=clock,
            monotonic=monotonic,
            make_fetch=make_fetch,
            follower=follower,
        )
        self._policy = access_token_policy(
            issuer=issuer, audience=audience, algorithms=algorithms, leeway=leeway
        )
        self._envelope = None if decryption_keys is None else Envelope(decryption_keys, encryption=encryption)
        self._asking = Asking(
            self.watch.issuer,
            endpoint="token_check_endpoint",
            make_fetch=make_fetch or (lambda: HttpFetch(timeout=ASK_PATIENCE)),
        )
        self._follower = follower or process_follower()
        self._follower.lend(self._asking)
        weakref.finalize(self, self._follower.close, self._asking).atexit = False
        self._keys = self.watch.keys
        self._revocations = self.watch.revocations
        self._age = self.watch.revocations.age
        self._counts = Counts()

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Check a pass, from memory; with `on_stale="ask"` and a view too old, Auth is asked.

        Raises `Unauthenticated`, `Unavailable`.
        """
        now = self.clock()
        held = self._check(pass_text, now)
        if now - self._age.heard_at > freshness.max_staleness and self._must_ask(held, freshness, now=now):
            asked = asyncio.wrap_future(self._follower.call(self._ask(pass_text)))
            try:
                async with asyncio.timeout(FOLLOWER_PATIENCE):
                    answer = await asked
            except TimeoutError:
                raise self._cannot_ask("timed_out") from None
            self._believe(answer, held, now=now)
        return held.principal

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Check a pass in a thread that may wait. Raises `Unauthenticated`, `Unavailable`."""
        now = self.clock()
        held = self._check(pass_text, now)
        if now - self._age.heard_at > freshness.max_staleness and self._must_ask(held, freshness, now=now):
            asked = self._follower.call(self._ask(pass_text))
            try:
                answer = asked.result(FOLLOWER_PATIENCE)
            except TimeoutError:
                asked.cancel()
                raise self._cannot_ask("timed_out") from None
            self._believe(answer, held, now=now)
        return held.principal

    def check_token(
        self, token: str, *, now: float | None = None, freshness: Freshness = DEFAULT
    ) -> Principal:
        """Check an access token from memory alone (RFC 9068 §4); nobody is asked, whatever the contract says.

        Raises `Unauthenticated`, `Unavailable`.
        """
        if now is None:
            now = self.clock()
        held = self._check(token, now)
        if now - self._age.heard_at > freshness.max_staleness and self._must_ask(held, freshness, now=now):
            raise self._view_too_old()
        return held.principal

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:
        """Wait until a Principal that was checked no longer holds, and say why."""
        return await self.watch.end_of(principal, freshness=freshness)

    async def ready(self, within: float = 5) -> None:
        """Follow, and wait for the first keys and the first view; for start-up.

        Raises `Unavailable` when they are not there after `within` seconds.
        """
        if not await self.watch.ready(within):
            if self._keys.view is None:
                raise self._without_keys(now=self.clock())
            raise self._view_too_old()

    async def close(self) -> None:
        """Stop following, and close all connections; a later check would begin again."""
        self.watch.close()
        await self._asking.close()
        closing = self._follower.close(self._asking)
        if closing is not None:
            await asyncio.wrap_future(closing)

    def health(self) -> Health:
        """Say how the verifier is; for metrics and people."""
        view = self._keys.view
        return self.watch.health(cached=0 if view is None else len(view.tokens), counts=self._counts)

    def _check(self, token: str, now: float) -> Held:
        """Check a token against keys, claims and revocations; how old the view is, is the caller's to say."""
        # The hot path: a token seen before costs 0.3 µs, time, keys and revocations checked.
        watch = self.watch
        if not watch.following.alive:
            watch.follow()
        view = self._keys.view
        if view is None or now >= view.good_until:
            raise self._without_keys(now=now)
        held = view.tokens.get(token)
        if held is None or now >= held.expires_at:
            return self._verify(token, view, now=now)
        if held.seen != self._revocations.changes:
            self._compare(held)
        self._counts.accepted_from_cache += 1
        return held

    def _verify(self, token: str, view: View, *, now: float) -> Held:
        try:
            if self._envelope is None:
                verified = jwt.verify(token, view.keys, self._policy, now=now)
            else:
                verified = self._envelope.verify(token, view.keys, self._policy, now=now)
            claims = AccessToken.from_claims(verified.claims)
        except KeyNotFound as error:
            self.watch.want_keys()
            raise self._refused(error, kid=error.kid) from None
        except (JoseError, OAuthError) as error:
            raise self._refused(error, kid=_kid(token)) from None
        held = Held(Principal.of_token(claims, verified.claims, kid=verified.kid), seen=-1)
        self._compare(held)
        view.tokens.put(token, held)
        self._counts.accepted += 1
        return held

    def _compare(self, held: Held) -> None:
        """Hold a token against the revocations. Raises `Unauthenticated`."""
        # Read before the look: what changes in between counts as not yet seen.
        seen = self._revocations.changes
        verdict = self._revocations.verdict(held.principal)
        if verdict is not None:
            log.info("token refused: code=%s kid=%.80r", verdict.value, held.principal.kid)
            if verdict is Verdict.STALE:
                self._counts.stale += 1
                raise TokenStale
            self._counts.revoked += 1
            raise Unauthenticated(verdict.value)
        held.seen = seen

    # A view that is too old

    def _must_ask(self, held: Held, freshness: Freshness, *, now: float) -> bool:
        """Say whether Auth must be asked, since the view is too old. Raises `Unavailable`."""
        if freshness.on_stale == "deny":
            raise self._view_too_old()
        # What Auth itself said of this token counts for as long as the view would.
        fresh = held.asked_at <= now <= held.asked_at + freshness.max_staleness
        return freshness.on_stale == "ask" and not fresh

    async def _ask(self, token: str) -> bytes:
        self._counts.asked += 1
        try:
            async with asyncio.timeout(ASK_PATIENCE):
                # Auth cannot open what is encrypted to us: it is asked about the token inside.
                return await self._asking.ask(
                    token if self._envelope is None else self._envelope.inside(token)
                )
        except FetchFailed as error:
            reason = error.code
        except TimeoutError:
            reason = "timed_out"
        raise self._cannot_ask(reason)

    def _believe(self, answer: bytes, held: Held, *, now: float) -> None:
        """Take Auth's word for a token. Raises `Unauthenticated`, `Unavailable`."""
        try:
            introspection = Introspection.from_json(answer)
        except IntrospectionInvalid as error:
            raise self._cannot_ask(error.code) from None
        principal = held.principal
        if introspection is None:
            held.asked_at = float("-inf")  # an earlier yes counts for no guard any more
            if says_stale(answer):
                self._counts.stale += 1
                log.info("token refused: code=token_stale kid=%.80r", principal.kid)
                raise TokenStale
            self._counts.revoked += 1
            log.info("token refused: code=inactive kid=%.80r", principal.kid)
            raise Unauthenticated("inactive")
        if (introspection.sub, introspection.sid) != (principal.subject, principal.session):
            raise self._cannot_ask("answer_about_another")  # a cache or a proxy mixed them up
        held.asked_at = now

    def _cannot_ask(self, reason: str) -> Unavailable:
        self._asking.failed(reason, now=self.clock())
        return self._view_too_old()

    def _view_too_old(self) -> Unavailable:
        self._counts.unavailable += 1
        reason = "no_view_yet" if self._age.heard_at == float("-inf") else "view_too_old"
        log.info("cannot check tokens: %s", reason)  # for each request; the follower warns once a try
        return Unavailable(reason, retry_after=RETRY_AFTER)

    def _without_keys(self, *, now: float) -> Unavailable:
        self._counts.unavailable += 1
        reason = "no_keys_yet" if self._keys.view is None else "keys_too_old"
        log.info("cannot check tokens: %s", reason)
        return Unavailable(reason, retry_after=self._keys.retry_after(now=now))

    def _refused(self, error: JoseError | OAuthError, *, kid: str | None) -> Unauthenticated:
        """Say in the log exactly why, never with the token; tell the client nothing of it."""
        self._counts.refused += 1
        claim = error.claim if isinstance(error, ClaimError) else None
        # A stranger's word: quoted, so it cannot forge a line, and cut, so it cannot fill the disk.
        log.info(
            "token refused: code=%s kid=%.80r claim=%s skew=%s",
            error.code,
            kid and kid[:64],
            claim,
            self._skew,
        )
        return Unauthenticated(error.code)

    @property
    def _skew(self) -> str:
        """The measured difference of the clocks, for the log: the usual cause of a token not yet valid."""
        return "unknown" if self._age.skew is None else f"{self._age.skew:+.1f}s"


def _accepted(algorithms: frozenset[str], shared_secrets: object) -> frozenset[str]:
    """Say what a token may be signed with: MACs, or signatures of the kinds that are allowed."""
    if not algorithms <= ALLOWED_ALGORITHMS:
        raise ValueError(f"not allowed: {', '.join(sorted(algorithms - ALLOWED_ALGORITHMS))}")
    if shared_secrets is None:
        return algorithms
    # No key set and no bytes where secrets are meant: what was published must never verify as a MAC.
    if not isinstance(shared_secrets, SharedSecrets):
        raise TypeError("shared_secrets are SharedSecrets; a published key is none")
    if algorithms != DEFAULT_ALGORITHMS:
        raise ValueError("shared secrets name their algorithm themselves")
    return frozenset({SHARED_ALGORITHM})


def _kid(token: str) -> str | None:
    if not log.isEnabledFor(logging.INFO):
        return None
    try:
        kid = jwt.peek(token).header.get("kid")
    except JoseError:
        return None
    return kid if isinstance(kid, str) else None
