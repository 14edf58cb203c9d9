"""The standards: JWS, JWE, JWK, JWT. Bytes in, bytes out; no I/O, no clock, no options that weaken."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gatepass.jose import jws, jwt
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
from gatepass.jose.keys import Key
from gatepass.jose.keyset import KeySet, PassedOver
from gatepass.jose.policy import Policy
from gatepass.jose.verdicts import Decrypted, Unverified, Verified

if TYPE_CHECKING:
    from gatepass.jose import jwe

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


def __getattr__(name: str) -> Any:
    """Import `jwe` when it is first asked for: most programs never encrypt."""
    if name == "jwe":
        return import_module("gatepass.jose.jwe")
    raise AttributeError(name)
