"""What is decided at Auth: users, passwords, sessions, refreshing, keys, permissions, events. Owns its ports.

No HTTP, no SQL, no event loop, no clock: time, entropy and ports come in. Whatever comes in, only an
`AuthError` comes out.
"""

from gatepass.auth import passwords, revocations, sessions, throttle, usecases
from gatepass.auth.actors import Actor
from gatepass.auth.auth import Auth
from gatepass.auth.changes import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    EventRecorded,
    FamiliesCapped,
    FamiliesRevoked,
    KeyAdded,
    KeyMoved,
    KeyRemoved,
    KeyringIs,
    PasswordRehashed,
    Purged,
    RefreshAdded,
    RefreshRotated,
    RevocationsCompacted,
    Revoked,
    RoleDefined,
    RoleIs,
    SessionEnded,
    SessionIsLive,
    SessionsCapped,
    SessionStarted,
    SessionTouched,
    UserAdded,
    UserChanged,
    UserIsAt,
)
from gatepass.auth.errors import (
    AuthError,
    Contended,
    EmailTaken,
    InvalidInput,
    KeysUnavailable,
    LoginRefused,
    NotPermitted,
    RefreshRefused,
    RegistrationClosed,
    RoleUnknown,
    SealBroken,
    SessionRefused,
    SessionUnknown,
    StorageUnavailable,
    TooManyAttempts,
    UserUnknown,
)
from gatepass.auth.events import Event, EventKind, RecordedEvent
from gatepass.auth.keyring import CurrentKeyring, Keyring
from gatepass.auth.opaque import Entropy, RefreshToken, Secret, SessionId
from gatepass.auth.permissions import ADMIN, may_administer
from gatepass.auth.ports import Passwords, Store
from gatepass.auth.refresh import RefreshForm, RefreshRecord
from gatepass.auth.refresh import State as RefreshState
from gatepass.auth.results import CheckedSession, LoggedIn, Tokens
from gatepass.auth.revocations import Feed, RecordedRevocation, Revocation
from gatepass.auth.sessions import EndReason, Session
from gatepass.auth.signing_keys import KeyRecord, KeyState
from gatepass.auth.terms import LONGEST_LIFETIME, Client, Terms
from gatepass.auth.throttle import Limit
from gatepass.auth.tokens import check_lifetime
from gatepass.auth.users import User, UserStatus

__all__ = [
    "ADMIN",
    "LONGEST_LIFETIME",
    "Actor",
    "AttemptCharged",
    "AttemptRefunded",
    "Auth",
    "AuthError",
    "Change",
    "CheckedSession",
    "Client",
    "Conflict",
    "Contended",
    "CurrentKeyring",
    "EmailTaken",
    "EndReason",
    "Entropy",
    "Event",
    "EventKind",
    "EventRecorded",
    "FamiliesCapped",
    "FamiliesRevoked",
    "Feed",
    "InvalidInput",
    "KeyAdded",
    "KeyMoved",
    "KeyRecord",
    "KeyRemoved",
    "KeyState",
    "Keyring",
    "KeyringIs",
    "KeysUnavailable",
    "Limit",
    "LoggedIn",
    "LoginRefused",
    "NotPermitted",
    "PasswordRehashed",
    "Passwords",
    "Purged",
    "RecordedEvent",
    "RecordedRevocation",
    "RefreshAdded",
    "RefreshForm",
    "RefreshRecord",
    "RefreshRefused",
    "RefreshRotated",
    "RefreshState",
    "RefreshToken",
    "RegistrationClosed",
    "Revocation",
    "RevocationsCompacted",
    "Revoked",
    "RoleDefined",
    "RoleIs",
    "RoleUnknown",
    "SealBroken",
    "Secret",
    "Session",
    "SessionEnded",
    "SessionId",
    "SessionIsLive",
    "SessionRefused",
    "SessionStarted",
    "SessionTouched",
    "SessionUnknown",
    "SessionsCapped",
    "StorageUnavailable",
    "Store",
    "Terms",
    "Tokens",
    "TooManyAttempts",
    "User",
    "UserAdded",
    "UserChanged",
    "UserIsAt",
    "UserStatus",
    "UserUnknown",
    "check_lifetime",
    "may_administer",
    "passwords",
    "revocations",
    "sessions",
    "throttle",
    "usecases",
]
