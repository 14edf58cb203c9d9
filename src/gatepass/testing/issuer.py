"""An issuer without a network: it makes passes, takes them back, and answers what a verifier asks."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any, Final

from gatepass.jose import Key, KeySet, jwt
from gatepass.oauth import (
    ACCESS_TOKEN_TYP,
    INACTIVE,
    STALE,
    AccessToken,
    Introspection,
    Selects,
    ServerMetadata,
    format_scope,
    metadata_url,
)
from gatepass.testing.feed import FakeFeed
from gatepass.testing.network import FakeNetwork
from gatepass.verifier import EitherVerifier, SessionVerifier, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SESSION_PASS: Final = "gps_"  # noqa: S105 (the prefix that every session id shows)


class FakeIssuer:
    """Auth, as far as a Service sees it, inside a test's process.

    Args:
        issuer: the name in `iss`.
        audience: the Service's name.
        alg: what it signs with.
        clock: seconds since the epoch; a test that stands at one second gives its own.
    """

    def __init__(
        self,
        issuer: str = "https://auth.test",
        *,
        audience: str = "my-site",
        alg: str = "ES256",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
        self.key = Key.generate(alg)
        self.feed = FakeFeed(issuer=issuer, key=lambda: self.key, clock=clock)
        self.down = False
        """Set it to have nobody answer."""
        self._keys = [self.key]
        self._epochs: dict[str, int] = {}
        self._revoked_below: dict[str, int] = {}
        self._ended: set[str] = set()
        self._sessions: dict[str, Introspection] = {}

    # Passes

    def token(
        self,
        sub: str = "ada",
        *,
        permissions: Iterable[str] = (),
        roles: Iterable[str] = (),
        scopes: Iterable[str] = (),
        sid: str | None = None,
        expires_in: int = 600,
        logged_in_ago: int = 0,
        **claims: Any,
    ) -> str:
        """Make an access token; times in seconds. Further claims are taken as they are, None leaves one out.

        To kick its session out, name it: `token(sid="s1")`, then `kick("s1")`.
        """
        now = int(self.clock())
        token = AccessToken(
            iss=self.issuer,
            sub=sub,
            aud=self.audience,
            client_id="gatepass",
            exp=now + expires_in,
            iat=now,
            nbf=now,
            jti=secrets.token_urlsafe(16),
            sid=sid or secrets.token_urlsafe(16),
            epoch=self._epochs.get(sub, 0),
            auth_time=now - logged_in_ago,
            scope=format_scope(frozenset(scopes)) if scopes else "",
            roles=frozenset(roles),
            permissions=frozenset(permissions),
        )
        named = {**token.to_claims(), **claims}
        return self.sign({name: value for name, value in named.items() if value is not None})

    def sign(self, claims: dict[str, Any], *, typ: str = ACCESS_TOKEN_TYP) -> str:
        """Sign any claims with the issuer's key, right or wrong."""
        return jwt.sign(claims, self.key, typ=typ)

    def session(
        self,
        sub: str = "ada",
        *,
        permissions: Iterable[str] = (),
        roles: Iterable[str] = (),
        sid: str | None = None,
        expires_in: int = 3_600,
        logged_in_ago: int = 0,
    ) -> str:
        """Make a session id, for session mode."""
        now = int(self.clock())
        session_id = _SESSION_PASS + secrets.token_urlsafe(32)
        self._sessions[session_id] = Introspection(
            iss=self.issuer,
            sub=sub,
            aud=self.audience,
            exp=now + expires_in,
            iat=now,
            sid=sid or secrets.token_urlsafe(16),
            epoch=self._epochs.get(sub, 0),
            auth_time=now - logged_in_ago,
            client_id="gatepass",
            roles=frozenset(roles),
            permissions=frozenset(permissions),
        )
        return session_id

    # Taking them back; each returns when every verifier that follows has heard of it

    def kick(self, sid: str) -> None:
        """End a session: its tokens and its session id no longer hold."""
        self._ended.add(sid)
        self.feed.publish(Selects.SID, sid)

    def log_out_everywhere(self, sub: str) -> None:
        """End everything of a user."""
        self._epochs[sub] = self._revoked_below[sub] = self._epochs.get(sub, 0) + 1
        self.feed.publish(Selects.SUB, sub, below=self._epochs[sub])

    def change(self, sub: str) -> None:
        """Make a user's tokens stale, as a change of their roles does; the next `token` holds again."""
        self._epochs[sub] = self._epochs.get(sub, 0) + 1
        self.feed.publish(Selects.CHANGED, sub, below=self._epochs[sub])

    def revoke_token(self, jti: str) -> None:
        """Revoke one token."""
        self.feed.publish(Selects.JTI, jti)

    def rotate_key(self) -> None:
        """Sign with a new key from now on; the old one stays published."""
        self.key = Key.generate(self.key.alg)
        self._keys.append(self.key)

    # What it serves

    def verifier(self, **options: Any) -> Verifier:
        """Make a real `Verifier` that asks this issuer; the options are its own."""
        given = {"audience": self.audience, "clock": self.clock, **options}
        return Verifier(issuer=self.issuer, make_fetch=self.network, **given)

    def session_verifier(self, **options: Any) -> SessionVerifier:
        """Make a real `SessionVerifier` that asks this issuer; the options are its own."""
        given = {"audience": self.audience, "clock": self.clock, **options}
        return SessionVerifier(issuer=self.issuer, make_fetch=self.network, **given)

    def either_verifier(self) -> EitherVerifier:
        """Make a verifier for both modes."""
        tokens = self.verifier()
        return EitherVerifier(tokens=tokens, sessions=self.session_verifier(watch=tokens.watch))

    def network(self) -> FakeNetwork:
        """Make what stands in for the network: a `Fetch` that this issuer answers."""
        return FakeNetwork(self)

    @property
    def metadata_url(self) -> str:
        """Where the metadata are."""
        return metadata_url(self.issuer)

    def metadata(self) -> ServerMetadata:
        """Say where everything is."""
        return ServerMetadata(
            issuer=self.issuer,
            jwks_uri=f"{self.issuer}/.well-known/jwks.json",
            session_check_endpoint=f"{self.issuer}/api/session/check",
            token_check_endpoint=f"{self.issuer}/api/token/check",
            revocations_endpoint=f"{self.issuer}/revocations",
            revocations_stream_endpoint=f"{self.issuer}/revocations/stream",
        )

    def jwks(self) -> KeySet:
        """Give the published keys."""
        return KeySet([key.public() for key in self._keys])

    def check_session(self, session_id: str) -> bytes:
        """Answer a Service that asks about a session id."""
        found = self._sessions.get(session_id)
        if found is None or found.sid in self._ended or self.clock() >= found.exp:
            return INACTIVE
        return INACTIVE if found.epoch < self._revoked_below.get(found.sub, 0) else found.to_json()

    def check_token(self, token: str) -> bytes:
        """Answer a Service that asks about a token, since its view is too old."""
        claims = jwt.peek(token).claims
        sub, epoch = claims.get("sub", ""), claims.get("epoch", -1)
        ended = claims.get("sid") in self._ended or epoch < self._revoked_below.get(sub, 0)
        if ended or self.clock() >= claims.get("exp", 0):
            return INACTIVE
        if epoch < self._epochs.get(sub, 0):
            return STALE
        return Introspection(**{name: claims[name] for name in _SHARED if name in claims}).to_json()


_SHARED: Final = ("iss", "sub", "aud", "exp", "iat", "sid", "epoch", "auth_time", "client_id")
