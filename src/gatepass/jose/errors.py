"""Everything that can go wrong in `gatepass.jose`, as one small tree with stable codes.

The message of every error may be logged: it names the header parameter, the claim or the JWK member, never
its value and never the token. `code` is part of the front door and does not change.
"""

from typing import ClassVar


class JoseError(Exception):
    """What `gatepass.jose` raises; nothing else escapes from it, whatever the bytes."""

    code: ClassVar[str] = "jose_error"


class Malformed(JoseError):
    """Not a compact JWS or JWE, or not strict base64url or JSON (RFC 7515 §5.2, RFC 7516 §5.2, RFC 7493)."""

    code = "malformed"


class TooLong(Malformed):
    """Longer than the cap; nothing of it was decoded."""

    code = "too_long"


class CriticalHeader(Malformed):
    """The header asks for an extension (`crit`, `b64`, `zip`); none is spoken here (RFC 7515 §4.1.11)."""

    code = "critical_header"


class AlgorithmNotAllowed(JoseError):
    """Header, key and caller do not agree on one algorithm (RFC 8725 §3.1)."""

    code = "algorithm_not_allowed"


class WrongType(JoseError):
    """The header's `typ` (or `cty` of a nested token) is not the one expected (RFC 8725 §3.11)."""

    code = "wrong_type"


class KeyInvalid(JoseError):
    """Not a key that can be used for what is asked (RFC 7517, RFC 7518 §6)."""

    code = "key_invalid"


class KeyNotFound(JoseError):
    """No key, or more than one, fits the header; `kid` is what the header said, a stranger's word."""

    code = "key_not_found"

    def __init__(self, message: str, kid: str | None) -> None:
        super().__init__(message)
        self.kid = kid


class BadSignature(JoseError):
    """The signature or MAC is not one of this key over these bytes."""

    code = "bad_signature"

    def __init__(self, message: str = "the signature does not match") -> None:
        super().__init__(message)


class DecryptionFailed(JoseError):
    """The ciphertext cannot be opened with this key; the cause is not told (RFC 7516 §11.5)."""

    code = "decryption_failed"

    def __init__(self, message: str = "the token cannot be decrypted") -> None:
        super().__init__(message)


class ClaimError(JoseError):
    """Something about one claim; `claim` is its name."""

    code = "claim_error"

    def __init__(self, message: str, claim: str) -> None:
        super().__init__(message)
        self.claim = claim


class ClaimMissing(ClaimError):
    """A claim that the policy requires is absent."""

    code = "claim_missing"

    def __init__(self, claim: str) -> None:
        super().__init__(f"the claim {claim!r} is missing", claim)


class ClaimInvalid(ClaimError):
    """A claim has the wrong type or another value than the policy expects."""

    code = "claim_invalid"


class Expired(ClaimError):
    """`now` is not before `exp` (RFC 7519 §4.1.4)."""

    code = "expired"

    def __init__(self, message: str = "the token has expired", claim: str = "exp") -> None:
        super().__init__(message, claim)


class TooOld(Expired):
    """Issued longer ago than the policy's `max_age`."""

    code = "too_old"

    def __init__(self) -> None:
        super().__init__("the token was issued too long ago", "iat")


class NotYetValid(ClaimError):
    """`nbf` or `iat` lies in the future by more than the leeway (RFC 7519 §4.1.5, §4.1.6)."""

    code = "not_yet_valid"

    def __init__(self, claim: str) -> None:
        super().__init__(f"the claim {claim!r} lies in the future", claim)
