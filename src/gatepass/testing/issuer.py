"""An issuer without a network: it makes passes, takes them back, and answers what a verifier asks."""

from __future__ import annotations

import json
import secrets
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gatepass.jose import JoseError, Key, KeySet, jwe, jws, jwt
from gatepass.oauth import (
    ACCESS_TOKEN_TYP,
    INACTIVE,
    STALE,
    AccessToken,
    Introspection,
    OAuthError,
    Selects,
    ServerMetadata,
    access_token_policy,
    format_scope,
    metadata_url,
)
from gatepass.testing.feed import FakeFeed
from gatepass.testing.network import FakeNetwork
from gatepass.verifier import (
    DEFAULT_ALGORITHMS,
    EitherVerifier,
    FeedTerms,
    KeyTerms,
    Principal,
    SessionVerifier,
    Verifier,
)
from gatepass.verifier.revocations import Revocations, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gatepass.oauth import SharedSecrets

_SESSION_PASS: Final = "gps_"  # noqa: S105 (the prefix that every session id shows)

# A test does not wait for an outage to be over: followers try again at once.
_KEYS: Final = KeyTerms(first_retry=0.01, longest_retry=0.05)
_FEED: Final = FeedTerms(first_retry=0.01, longest_retry=0.05)


class FakeIssuer:
    """Auth, as far as a Service sees it, inside a test's process.

    Args:
        issuer: the name in `iss`.
        audience: the Service's name.
        alg: what it signs with; its verifiers accept that too.
        shared_secrets: for the shared-secret mode, in the place of `alg`; nothing is published then.
        encrypt_to: the Service's encryption key. `token` then gives encrypted tokens; of a private key the
            issuer's verifiers are given it too.
        clock: seconds since the epoch; a test that stands at one second gives its own.
    """

    def __init__(
        self,
        issuer: str = "https://auth.test",
        *,
        audience: str = "my-site",
        alg: str = "ES256",
        shared_secrets: SharedSecrets | None = None,
        encrypt_to: Key | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
        self.shared_secrets = shared_secrets
        self.encrypt_to = encrypt_to
        self.key = Key.generate(alg) if shared_secrets is None else shared_secrets.signing
        """What signs now."""
        self.feed = FakeFeed(issuer=issuer, key=lambda: self.key, clock=clock)
        self._next_key = Key.generate(alg)  # published before it signs, as Auth does it
        self._old_keys: list[Key] = []
        self._down = False
        self._epochs: dict[str, int] = {}
        self._ended: set[str] = set()
        self._sessions: dict[str, Introspection] = {}

    def __repr__(self) -> str:
        return f"<FakeIssuer {self.issuer} for {self.audience}>"

    @property
    def down(self) -> bool:
        """Whether nobody answers. Set back to False, it waits until every verifier has heard it again."""
        return self._down

    @down.setter
    def down(self, down: bool) -> None:
        self._down = down
        if down:
            self.feed.ring()  # who listens finds out now
        else:
            self.feed.reach_all()

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
        """Make an access token; times in seconds.

        Further claims (`jti`, `client_id`, `name`, `exp`, …) are taken as they are, right or wrong; None
        leaves one out. To kick its session out, name it: `token(sid="s1")`, then `kick("s1")`.
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
        """Sign any claims with the issuer's key, right or wrong; and encrypt them where that is wanted."""
        # Without spaces, as Auth writes them: a verifier is quicker with claims in the usual form.
        signed = jws.sign(json.dumps(claims, separators=(",", ":")).encode(), self.key, typ=typ)
        if self.encrypt_to is None:
            return signed
        key = self.encrypt_to.public()
        return jwe.encrypt(signed.encode(), key, enc="A256GCM", typ=None, cty="JWT")

    def session(
        self,
        sub: str = "ada",
        *,
        permissions: Iterable[str] = (),
        roles: Iterable[str] = (),
        scopes: Iterable[str] = (),
        sid: str | None = None,
        expires_in: int = 3_600,
        logged_in_ago: int = 0,
        **profile: str,
    ) -> str:
        """Make a session id, for session mode; `profile` is `name`, `email` and so on. Times in seconds."""
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
            scope=format_scope(frozenset(scopes)) if scopes else "",
            roles=frozenset(roles),
            permissions=frozenset(permissions),
            **profile,
        )
        return session_id

    # Taking them back; each returns when every verifier that follows has heard of it

    def kick(self, sid: str) -> None:
        """End a session: its tokens and its session id no longer hold."""
        self._ended.add(sid)
        self.feed.publish(Selects.SID, sid)

    def log_out_everywhere(self, sub: str) -> None:
        """End everything of a user."""
        self._epochs[sub] = self._epochs.get(sub, 0) + 1
        self.feed.publish(Selects.SUB, sub, below=self._epochs[sub])

    def change(self, sub: str) -> None:
        """Make a user's tokens stale, as a change of their roles does; the next `token` holds again."""
        self._epochs[sub] = self._epochs.get(sub, 0) + 1
        self.feed.publish(Selects.CHANGED, sub, below=self._epochs[sub])

    def revoke_token(self, jti: str) -> None:
        """Revoke one token: `token(jti="t1")`, then `revoke_token("t1")`."""
        self.feed.publish(Selects.JTI, jti)

    def revoke_client(self, client_id: str = "gatepass") -> None:
        """Revoke what was issued to a client up to now."""
        self.feed.publish(Selects.CLIENT_ID, client_id, below=int(self.clock()) + 1)

    def revoke_all(self) -> None:
        """Revoke whatever was issued up to now."""
        self.feed.publish(Selects.ALL, below=int(self.clock()) + 1)

    def revoke_key(self) -> None:
        """Withdraw the key that signs, as after a theft: nothing that it signed holds."""
        self.rotate_key()
        stolen = self._old_keys.pop()
        self.feed.publish(Selects.KID, str(stolen.kid))

    def rotate_key(self) -> None:
        """Sign with a new key from now on; it was published before, and the old one stays published.

        Raises `ValueError` in the shared-secret mode.
        """
        if self.shared_secrets is not None:
            raise ValueError("a shared secret is exchanged at both ends, not by the issuer alone")
        self._old_keys.append(self.key)
        self.key, self._next_key = self._next_key, Key.generate(self.key.alg)
        self.feed.beat()

    def beat(self) -> None:
        """Let every verifier hear that nothing changed: after a test's clock was moved, its view is old."""
        self.feed.beat()

    # What it serves

    def verifier(self, **options: Any) -> Verifier:
        """Make a real `Verifier` that asks this issuer; the options are its own."""
        given: dict[str, Any] = {"terms": _KEYS, "feed": _FEED, **self._given}
        if self.shared_secrets is None:
            given["algorithms"] = DEFAULT_ALGORITHMS | {self.key.alg}
        else:
            given["shared_secrets"] = self.shared_secrets
        if self.encrypt_to is not None and self.encrypt_to.is_private:
            given["decryption_keys"] = self.encrypt_to
        given |= options
        return Verifier(issuer=self.issuer, make_fetch=self.network, **given)

    def session_verifier(self, **options: Any) -> SessionVerifier:
        """Make a real `SessionVerifier` that asks this issuer; the options are its own."""
        return SessionVerifier(issuer=self.issuer, make_fetch=self.network, **{**self._given, **options})

    def either_verifier(self) -> EitherVerifier:
        """Make a verifier for both modes."""
        tokens = self.verifier()
        return EitherVerifier(tokens=tokens, sessions=self.session_verifier(watch=tokens.watch))

    @property
    def _given(self) -> dict[str, Any]:
        return {"audience": self.audience, "clock": self.clock}

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
            jwks_uri=None if self.shared_secrets else f"{self.issuer}/.well-known/jwks.json",
            session_check_endpoint=f"{self.issuer}/api/session/check",
            token_check_endpoint=f"{self.issuer}/api/token/check",
            revocations_endpoint=f"{self.issuer}/revocations",
            revocations_stream_endpoint=f"{self.issuer}/revocations/stream",
        )

    def jwks(self) -> KeySet:
        """Give the published keys."""
        if self.shared_secrets is not None:
            return KeySet([])
        return KeySet([key.public() for key in (*self._old_keys, self.key, self._next_key)])

    def check_session(self, session_id: str) -> bytes:
        """Answer a Service that asks about a session id."""
        found = self._sessions.get(session_id)
        if found is None or self.clock() >= found.exp:
            return INACTIVE
        if self._verdict(Principal.of_session(found)) not in {None, Verdict.STALE}:
            return INACTIVE
        # Auth looks the user up: in session mode what they may do is never out of date.
        return msgspec.structs.replace(found, epoch=self._epochs.get(found.sub, 0)).to_json()

    def check_token(self, token: str) -> bytes:
        """Answer a Service that asks about a token, since its view is too old."""
        policy = access_token_policy(
            issuer=self.issuer, audience=self.audience, algorithms=frozenset({self.key.alg})
        )
        try:
            keys = self.jwks() if self.shared_secrets is None else self.shared_secrets.keys
            verified = jwt.verify(token, keys, policy, now=self.clock())
            facts = AccessToken.from_claims(verified.claims)
        except (JoseError, OAuthError):
            return INACTIVE
        verdict = self._verdict(Principal.of_token(facts, verified.claims, kid=verified.kid))
        if verdict is not None:
            return STALE if verdict is Verdict.STALE else INACTIVE
        return msgspec.convert(verified.claims, Introspection).to_json()

    def _verdict(self, principal: Principal) -> Verdict | None:
        """Judge as Auth does, which knows no less than whoever has read the whole feed."""
        view = Revocations(leeway=0)
        view.take(self.feed.whole())
        if principal.session in self._ended:
            return Verdict.REVOKED_SID
        behind = principal.epoch < self._epochs.get(principal.subject, 0)
        return view.verdict(principal) or (Verdict.STALE if behind else None)
