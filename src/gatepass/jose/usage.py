"""What a key is for: which algorithm, which use, which operations (RFC 7517 §4.2 to §4.4)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from gatepass.jose.algorithms import JWS_ALGORITHMS, Family, JwsAlgorithm
from gatepass.jose.errors import KeyInvalid
from gatepass.jose.material import Material

if TYPE_CHECKING:
    from gatepass.jose.jwe_algorithms import JweAlgorithm

# What each family does on the protecting and on the opening side (RFC 7517 §4.3).
_OPERATIONS: Final[dict[Family, tuple[frozenset[str], frozenset[str]]]] = {
    "mac": (frozenset({"sign"}), frozenset({"verify"})),
    "signature": (frozenset({"sign"}), frozenset({"verify"})),
    "direct": (frozenset({"encrypt"}), frozenset({"decrypt"})),
    "wrapping": (frozenset({"wrapKey"}), frozenset({"unwrapKey"})),
    "encryption": (frozenset({"wrapKey", "encrypt"}), frozenset({"unwrapKey", "decrypt"})),
    "agreement": (frozenset({"deriveKey", "deriveBits"}), frozenset({"deriveKey", "deriveBits"})),
    "password": (frozenset({"deriveKey", "deriveBits"}), frozenset({"deriveKey", "deriveBits"})),
}
_SIGNING: Final = frozenset({"sign", "verify"})
_REGISTERED: Final = _SIGNING | {"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"}
# RFC 9864 gives Ed25519 and Ed448 names of their own; "EdDSA" is the same algorithm by its older name. The
# caller's list of algorithms decides which of the two a token may say.
BY_ED_CURVE: Final = {"Ed25519": frozenset({"Ed25519", "EdDSA"}), "Ed448": frozenset({"Ed448", "EdDSA"})}
_EC_SIGNATURES: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K"}


def row_of(alg: object) -> "JwsAlgorithm | JweAlgorithm":
    """Give the row of an algorithm.

    Raises:
        KeyInvalid: no such algorithm.
    """
    if not isinstance(alg, str):
        raise KeyInvalid("no such algorithm")
    if alg in JWS_ALGORITHMS:
        return JWS_ALGORITHMS[alg]
    from gatepass.jose.jwe_algorithms import DIRECT_KEYS, JWE_ALGORITHMS  # only for who encrypts

    row = JWE_ALGORITHMS.get(alg) or DIRECT_KEYS.get(alg)
    if row is None:
        raise KeyInvalid("no such algorithm")
    return row


def check_shape(row: "JwsAlgorithm | JweAlgorithm", material: Material) -> None:
    """Refuse a key of another kind, curve or size than the algorithm takes.

    Raises:
        KeyInvalid: naming what is wrong.
    """
    shape = row.shape
    if material.curve not in shape.curves if shape.curves else material.kty != shape.kty:
        raise KeyInvalid(f"the kind of the key is not one for {row.name}")
    if material.secret is not None and not shape.least <= len(material.secret) <= shape.most:
        size = shape.least if shape.least == shape.most else f"{shape.least} to {shape.most}"
        raise KeyInvalid(f"a secret for {row.name} has {size} bytes")


def check_usage(family: Family, use: str | None, ops: frozenset[str] | None) -> tuple[bool, bool]:
    """Say whether a key may protect, and whether it may open (RFC 7517 §4.2, §4.3).

    Raises:
        KeyInvalid: its use or its operations do not fit the algorithm, or each other.
    """
    signs = family in ("mac", "signature")
    if use not in (None, "sig" if signs else "enc"):
        raise KeyInvalid("the JWK member 'use' does not fit the algorithm")
    if ops is None:
        return True, True
    if use is not None and not (ops & _REGISTERED <= _SIGNING if use == "sig" else ops.isdisjoint(_SIGNING)):
        raise KeyInvalid("the JWK members 'use' and 'key_ops' contradict each other")
    protecting, opening = _OPERATIONS[family]
    if ops.isdisjoint(protecting | opening):
        raise KeyInvalid("the JWK member 'key_ops' does not fit the algorithm")
    return not ops.isdisjoint(protecting), not ops.isdisjoint(opening)


def operations(jwk: Mapping[str, Any]) -> frozenset[str] | None:
    """Give the JWK's `key_ops`, if it has them.

    Raises:
        KeyInvalid: not an array of different strings.
    """
    if "key_ops" not in jwk:
        return None
    ops = jwk["key_ops"]
    if not isinstance(ops, list | tuple) or not all(isinstance(op, str) for op in ops):
        raise KeyInvalid("the JWK member 'key_ops' is not an array of strings")
    if len(set(ops)) != len(ops):
        raise KeyInvalid("the JWK member 'key_ops' names an operation twice")
    return frozenset(ops)


def agreed(
    declared: str | None, asked: str | None, material: Material, use: str | None, ops: frozenset[str] | None
) -> str:
    """Give the one algorithm that the JWK and the caller mean.

    Raises:
        KeyInvalid: they contradict each other, or leave it open.
    """
    if declared is not None and asked is not None and declared != asked:
        # "EdDSA" and the name of its curve are the same algorithm; the caller's word is kept.
        if {declared, asked} <= BY_ED_CURVE.get(material.curve or "", frozenset()):
            return asked
        # A key that names its content encryption is a key of "dir" for that alone.
        if asked == "dir" and row_of(declared).family == "direct":
            return declared
        raise KeyInvalid("the JWK member 'alg' is not the algorithm asked for")
    name = asked or declared
    if name is None and material.curve in BY_ED_CURVE:
        name = material.curve
    if name is None and (use == "sig" or not _SIGNING.isdisjoint(ops or ()) or material.curve == "secp256k1"):
        name = _EC_SIGNATURES.get(material.curve or "")
    if name is None:
        raise KeyInvalid("the JWK leaves open which algorithm the key is for")
    return name
