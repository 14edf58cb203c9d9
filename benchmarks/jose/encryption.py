"""JWE: the steps of the standard by hand, ours, and the peers."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.rounds import in_process, medians

PAYLOAD = b"x" * 370
Operation = Callable[[], Any]


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds to encrypt and decrypt, medians of alternating rounds."""
    figures: dict[str, dict[str, float]] = {}
    for name, contenders in (*_direct(), *_rsa()):
        seconds = medians({who: in_process(each) for who, each in contenders.items()}, rounds=rounds)
        figures[name] = {who: each * 1e6 for who, each in seconds.items()}
    return figures


def _direct() -> list[tuple[str, dict[str, Operation]]]:
    from joserfc import jwe as joserfc_jwe
    from joserfc import jwk as joserfc_jwk
    from jwcrypto import jwe as jwcrypto_jwe
    from jwcrypto import jwk as jwcrypto_jwk
    from jwcrypto.common import base64url_encode

    from gatepass.jose import Key, jwe

    secret = os.urandom(32)
    key = Key.from_secret("A256GCM", secret)
    ours = jwe.encrypt(PAYLOAD, key, enc="A256GCM", typ=None)
    aead, iv, aad = AESGCM(secret), os.urandom(12), ours.partition(".")[0].encode()
    sealed = aead.encrypt(iv, PAYLOAD, aad)
    open_ours = partial(
        jwe.decrypt,
        ours,
        key,
        typ=None,
        algorithms=frozenset({"dir"}),
        encryptions=frozenset({"A256GCM"}),
    )
    known = ["dir", "A256GCM"]
    their_key = joserfc_jwk.import_key(secret, "oct")
    their_header = {"alg": "dir", "enc": "A256GCM"}
    crypto_key = jwcrypto_jwk.JWK(kty="oct", k=base64url_encode(secret))

    def jwcrypto_decrypt() -> bytes:
        token = jwcrypto_jwe.JWE()
        token.deserialize(ours, key=crypto_key)
        return bytes(token.payload)

    return [
        (
            "dir + A256GCM decrypt",
            {
                "raw": lambda: aead.decrypt(iv, sealed, aad),
                "Gatepass": open_ours,
                "joserfc": lambda: joserfc_jwe.decrypt_compact(ours, their_key, algorithms=known),
                "jwcrypto": jwcrypto_decrypt,
            },
        ),
        (
            "dir + A256GCM encrypt",
            {
                "raw": lambda: aead.encrypt(os.urandom(12), PAYLOAD, aad),
                "Gatepass": lambda: jwe.encrypt(PAYLOAD, key, enc="A256GCM", typ=None),
                "joserfc": lambda: joserfc_jwe.encrypt_compact(their_header, PAYLOAD, their_key),
            },
        ),
    ]


def _rsa() -> list[tuple[str, dict[str, Operation]]]:
    from cryptography.hazmat.primitives import serialization
    from joserfc import jwe as joserfc_jwe
    from joserfc import jwk as joserfc_jwk

    from gatepass.jose import Key, jwe

    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = Key.from_pem(pem, "RSA-OAEP-256")
    ours = jwe.encrypt(PAYLOAD, key.public(), enc="A256GCM", typ=None)
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    wrapped = private.public_key().encrypt(os.urandom(32), oaep)
    open_ours = partial(
        jwe.decrypt,
        ours,
        key,
        typ=None,
        algorithms=frozenset({"RSA-OAEP-256"}),
        encryptions=frozenset({"A256GCM"}),
    )
    known = ["RSA-OAEP-256", "A256GCM"]
    their_key = joserfc_jwk.import_key(pem, "RSA")
    return [
        (
            "RSA-OAEP-256 + A256GCM decrypt",
            {
                "raw": lambda: private.decrypt(wrapped, oaep),
                "Gatepass": open_ours,
                "joserfc": lambda: joserfc_jwe.decrypt_compact(ours, their_key, algorithms=known),
            },
        )
    ]
