"""The bare primitives: the floor under every library that stands on OpenSSL."""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding

from benchmarks.jose.material import Material

_HASH: dict[str, hashes.HashAlgorithm] = {
    "256": hashes.SHA256(),
    "384": hashes.SHA384(),
    "512": hashes.SHA512(),
}


def signer(material: Material, message: bytes) -> Callable[[], bytes]:
    """Sign the message, and nothing else."""
    if material.alg.startswith("HS"):
        import hmac as stdlib_hmac

        return lambda: stdlib_hmac.digest(material.secret, message, f"sha{material.alg[2:]}")
    sign, arguments = material.private.sign, _arguments(material.alg)
    return lambda: sign(message, *arguments)


def verifier(material: Material, message: bytes) -> Callable[[], object]:
    """Verify the signature, and nothing else."""
    if material.alg.startswith("HS"):
        keyed = hmac.HMAC(material.secret, _HASH[material.alg[2:]])
        expected = keyed.copy()
        expected.update(message)
        tag = expected.finalize()

        def verify() -> None:
            copied = keyed.copy()
            copied.update(message)
            copied.verify(tag)

        return verify
    signature = signer(material, message)()
    check, arguments = material.public.verify, _arguments(material.alg)
    return lambda: check(signature, message, *arguments)


def _arguments(alg: str) -> tuple[Any, ...]:
    if alg.startswith("RS"):
        return (padding.PKCS1v15(), _HASH[alg[2:]])
    if alg.startswith("PS"):
        digest = _HASH[alg[2:]]
        return (padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    if alg.startswith("ES"):
        return (ec.ECDSA(_HASH[alg[2:5]]),)
    return ()
