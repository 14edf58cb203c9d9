"""The standards: JWS, JWE, JWK, JWT. Bytes in, bytes out; no I/O, no clock, no options that weaken."""

from gatepass.jose import jwe, jws, jwt
from gatepass.jose.errors import (
    AlgorithmNotAllowed,
    BadSignature,
    ClaimError,
    ClaimInvalid,
    ClaimMissing,
    CriticalHeader,
    DecryptionFailed,
    Expired,
    JoseError,
    KeyInvalid,
    KeyNotFound,
    Malformed,
    NotYetValid,
    TooLong,
    TooOld,
    WrongType,
)
from gatepass.jose.jwt import Decrypted, Unverified, Verified
from gatepass.jose.keys import Key
from gatepass.jose.keyset import KeySet, PassedOver
from gatepass.jose.policy import Policy

__all__ = [
    "AlgorithmNotAllowed",
    "BadSignature",
    "ClaimError",
    "ClaimInvalid",
    "ClaimMissing",
    "CriticalHeader",
    "Decrypted",
    "DecryptionFailed",
    "Expired",
    "JoseError",
    "Key",
    "KeyInvalid",
    "KeyNotFound",
    "KeySet",
    "Malformed",
    "NotYetValid",
    "PassedOver",
    "Policy",
    "TooLong",
    "TooOld",
    "Unverified",
    "Verified",
    "WrongType",
    "jwe",
    "jws",
    "jwt",
]
