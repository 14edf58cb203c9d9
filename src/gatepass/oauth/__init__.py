"""What is said between Auth, Services and clients: messages of the OAuth standards, bytes in, bytes out.

No I/O, no clock. Whatever the bytes, only an `OAuthError` comes out of the parsers.
"""

from gatepass.oauth.access_token import ACCESS_TOKEN_TYP, AccessToken, access_token_policy
from gatepass.oauth.bearer import b64token, bearer_token, challenge
from gatepass.oauth.encryption import CONTENT_ENCRYPTIONS, RECIPIENT_ALGORITHMS, is_encrypted
from gatepass.oauth.errors import (
    AccessTokenInvalid,
    BearerError,
    EncryptedElsewhere,
    IntrospectionInvalid,
    IssuerDiffers,
    MetadataInvalid,
    NotEncrypted,
    OAuthError,
    RevocationsInvalid,
    ScopeInvalid,
    SecretRefused,
    UrlRefused,
)
from gatepass.oauth.introspection import INACTIVE, STALE, Introspection, says_stale
from gatepass.oauth.metadata import METADATA_PATH, ServerMetadata, metadata_url
from gatepass.oauth.passes import is_session_pass
from gatepass.oauth.revocations import (
    PAGE_ENTRIES,
    REVOCATIONS_MEDIA_TYPE,
    REVOCATIONS_TYP,
    Cursor,
    Page,
    Selector,
    Selects,
    mark_of,
    revocations_policy,
)
from gatepass.oauth.scope import format_scope, parse_scope
from gatepass.oauth.shared_secret import SHARED_ALGORITHM, SharedSecrets, new_shared_secret
from gatepass.oauth.web_url import issuer_url, web_url

__all__ = [
    "ACCESS_TOKEN_TYP",
    "CONTENT_ENCRYPTIONS",
    "INACTIVE",
    "METADATA_PATH",
    "PAGE_ENTRIES",
    "RECIPIENT_ALGORITHMS",
    "REVOCATIONS_MEDIA_TYPE",
    "REVOCATIONS_TYP",
    "SHARED_ALGORITHM",
    "STALE",
    "AccessToken",
    "AccessTokenInvalid",
    "BearerError",
    "Cursor",
    "EncryptedElsewhere",
    "Introspection",
    "IntrospectionInvalid",
    "IssuerDiffers",
    "MetadataInvalid",
    "NotEncrypted",
    "OAuthError",
    "Page",
    "RevocationsInvalid",
    "ScopeInvalid",
    "SecretRefused",
    "Selector",
    "Selects",
    "ServerMetadata",
    "SharedSecrets",
    "UrlRefused",
    "access_token_policy",
    "b64token",
    "bearer_token",
    "challenge",
    "format_scope",
    "is_encrypted",
    "is_session_pass",
    "issuer_url",
    "mark_of",
    "metadata_url",
    "new_shared_secret",
    "parse_scope",
    "revocations_policy",
    "says_stale",
    "web_url",
]
