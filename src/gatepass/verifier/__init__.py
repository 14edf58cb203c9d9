"""The Service's side: a pass comes in, a Principal comes out, and a request that shows none is refused.

`Verifier` checks tokens from memory, `SessionVerifier` asks Auth, `EitherVerifier` takes both. `Guard` and
the middleware in `gatepass.verifier.asgi` put them before a service; `gatepass.verifier.adapters` has the
sugar for frameworks.
"""

from gatepass.oauth import SharedSecrets
from gatepass.verifier.carry import Bearer, Carry, Cookie, RequestHead
from gatepass.verifier.challenge import Answer
from gatepass.verifier.either import EitherVerifier
from gatepass.verifier.errors import (
    CrossSite,
    Forbidden,
    LoginTooOld,
    MalformedRequest,
    PassMissing,
    Refused,
    TokenStale,
    Unauthenticated,
    Unavailable,
)
from gatepass.verifier.feed import FeedState, FeedTerms
from gatepass.verifier.fetch import Document, Fetch, FetchFailed, HttpFetch
from gatepass.verifier.follower import Follower
from gatepass.verifier.freshness import Freshness
from gatepass.verifier.guard import Guard
from gatepass.verifier.health import Counts, Health
from gatepass.verifier.keyset import KeyTerms
from gatepass.verifier.pass_verifier import PassVerifier
from gatepass.verifier.principal import Principal
from gatepass.verifier.require import Requirement, demand, fresh_login, permission, role, scope
from gatepass.verifier.session_verifier import SessionVerifier
from gatepass.verifier.verifier import Verifier
from gatepass.verifier.watch import ALLOWED_ALGORITHMS, DEFAULT_ALGORITHMS, Watch

__all__ = [
    "ALLOWED_ALGORITHMS",
    "DEFAULT_ALGORITHMS",
    "Answer",
    "Bearer",
    "Carry",
    "Cookie",
    "Counts",
    "CrossSite",
    "Document",
    "EitherVerifier",
    "FeedState",
    "FeedTerms",
    "Fetch",
    "FetchFailed",
    "Follower",
    "Forbidden",
    "Freshness",
    "Guard",
    "Health",
    "HttpFetch",
    "KeyTerms",
    "LoginTooOld",
    "MalformedRequest",
    "PassMissing",
    "PassVerifier",
    "Principal",
    "Refused",
    "RequestHead",
    "Requirement",
    "SessionVerifier",
    "SharedSecrets",
    "TokenStale",
    "Unauthenticated",
    "Unavailable",
    "Verifier",
    "Watch",
    "demand",
    "fresh_login",
    "permission",
    "role",
    "scope",
]
