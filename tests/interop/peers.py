"""The peers: what each knows, and how each signs, verifies, encrypts and decrypts."""

import json
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Protocol

import joserfc.jwe
import joserfc.jwk
import joserfc.jws
import jwcrypto.jwa
import jwcrypto.jwe
import jwcrypto.jwk
import jwcrypto.jws
import jwt as pyjwt
from jwt.api_jws import PyJWS

Jwk = Mapping[str, Any]

HMAC = ("HS256", "HS384", "HS512")
RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
NIST = ("ES256", "ES384", "ES512")
WRAPPING = ("dir", "A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW")
AGREEMENT = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
PASSWORD = ("PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW")
ALL_ENC = ("A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")


class Peer(Protocol):
    """Another library; keys go in as JWKs, a password as {"kty": "oct"}."""

    name: ClassVar[str]
    jws: ClassVar[tuple[str, ...]]
    jwe: ClassVar[tuple[str, ...]]
    enc: ClassVar[tuple[str, ...]]
    curves: ClassVar[tuple[str, ...]]  # of ECDH-ES

    def sign(self, alg: str, jwk: Jwk, payload: bytes) -> str:
        """Give the compact JWS."""

    def verify(self, alg: str, jwk: Jwk, token: str) -> bytes:
        """Give the payload; raise if the signature is bad."""

    def encrypt(self, alg: str, enc: str, jwk: Jwk, plaintext: bytes) -> str:
        """Give the compact JWE."""

    def decrypt(self, alg: str, enc: str, jwk: Jwk, token: str) -> bytes:
        """Give the plaintext; raise if it cannot be opened."""

    def thumbprint(self, jwk: Jwk) -> str:
        """Give the RFC 7638 thumbprint."""


def bare(jwk: Jwk) -> dict[str, Any]:
    """Give the key without what it is for: not every peer knows every name that `alg` may have."""
    return {name: value for name, value in jwk.items() if name not in ("alg", "use", "key_ops", "kid")}


class PyJwt:
    """PyJWT: signatures only."""

    name: ClassVar[str] = "PyJWT"
    jws: ClassVar[tuple[str, ...]] = (*HMAC, *RSA, *NIST, "ES256K", "EdDSA")
    jwe: ClassVar[tuple[str, ...]] = ()
    enc: ClassVar[tuple[str, ...]] = ()
    curves: ClassVar[tuple[str, ...]] = ()

    def sign(self, alg: str, jwk: Jwk, payload: bytes) -> str:
        key = pyjwt.PyJWK.from_dict(bare(jwk), alg)
        return PyJWS().encode(payload, key.key, algorithm=alg)

    def verify(self, alg: str, jwk: Jwk, token: str) -> bytes:
        key = pyjwt.PyJWK.from_dict(bare(jwk), alg)
        payload: bytes = PyJWS().decode(token, key.key, algorithms=[alg])
        return payload

    def encrypt(self, alg: str, enc: str, jwk: Jwk, plaintext: bytes) -> str:
        raise NotImplementedError

    def decrypt(self, alg: str, enc: str, jwk: Jwk, token: str) -> bytes:
        raise NotImplementedError

    def thumbprint(self, jwk: Jwk) -> str:
        raise NotImplementedError


class Joserfc:
    """joserfc."""

    name: ClassVar[str] = "joserfc"
    jws: ClassVar[tuple[str, ...]] = (*HMAC, *RSA, *NIST, "ES256K", "Ed25519", "Ed448", "EdDSA")
    jwe: ClassVar[tuple[str, ...]] = (*WRAPPING, "RSA-OAEP", "RSA-OAEP-256", *AGREEMENT, *PASSWORD)
    enc: ClassVar[tuple[str, ...]] = ALL_ENC
    curves: ClassVar[tuple[str, ...]] = ("P-256", "P-384", "P-521", "X25519", "X448")

    def sign(self, alg: str, jwk: Jwk, payload: bytes) -> str:
        compact: str = joserfc.jws.serialize_compact({"alg": alg}, payload, self._key(jwk), algorithms=[alg])
        return compact

    def verify(self, alg: str, jwk: Jwk, token: str) -> bytes:
        return joserfc.jws.deserialize_compact(token, self._key(jwk), algorithms=[alg]).payload

    def encrypt(self, alg: str, enc: str, jwk: Jwk, plaintext: bytes) -> str:
        header = {"alg": alg, "enc": enc}
        return joserfc.jwe.encrypt_compact(header, plaintext, self._key(jwk), algorithms=[alg, enc])

    def decrypt(self, alg: str, enc: str, jwk: Jwk, token: str) -> bytes:
        plaintext = joserfc.jwe.decrypt_compact(token, self._key(jwk), algorithms=[alg, enc]).plaintext
        assert plaintext is not None
        return plaintext

    def thumbprint(self, jwk: Jwk) -> str:
        thumbprint: str = self._key(jwk).thumbprint()
        return thumbprint

    def _key(self, jwk: Jwk) -> Any:
        return joserfc.jwk.import_key(bare(jwk))


class Jwcrypto:
    """jwcrypto; its own limit of PBES2 rounds is far below what is advised today, so it is raised here."""

    name: ClassVar[str] = "jwcrypto"
    jws: ClassVar[tuple[str, ...]] = (
        *HMAC,
        *RSA,
        *NIST,
        "ES256K",
        "Ed25519",
        "Ed448",
        "EdDSA",
        "ML-DSA-44",
        "ML-DSA-65",
        "ML-DSA-87",
    )
    jwe: ClassVar[tuple[str, ...]] = (*WRAPPING, "RSA-OAEP", "RSA-OAEP-256", *AGREEMENT, *PASSWORD)
    enc: ClassVar[tuple[str, ...]] = ALL_ENC
    curves: ClassVar[tuple[str, ...]] = ("P-256", "P-384", "P-521", "X25519", "X448")

    def __init__(self) -> None:
        jwcrypto.jwa.default_max_pbkdf2_iterations = 1_200_000

    def sign(self, alg: str, jwk: Jwk, payload: bytes) -> str:
        token = jwcrypto.jws.JWS(payload)
        token.add_signature(self._key(jwk), alg=alg, protected=json.dumps({"alg": alg}))
        compact: str = token.serialize(compact=True)
        return compact

    def verify(self, alg: str, jwk: Jwk, token: str) -> bytes:
        opened = jwcrypto.jws.JWS()
        opened.allowed_algs = [alg]
        opened.deserialize(token, key=self._key(jwk))
        payload: bytes = opened.payload
        return payload

    def encrypt(self, alg: str, enc: str, jwk: Jwk, plaintext: bytes) -> str:
        token = jwcrypto.jwe.JWE(plaintext, protected=json.dumps({"alg": alg, "enc": enc}), algs=[alg, enc])
        token.add_recipient(self._key(jwk))
        compact: str = token.serialize(compact=True)
        return compact

    def decrypt(self, alg: str, enc: str, jwk: Jwk, token: str) -> bytes:
        opened = jwcrypto.jwe.JWE(algs=[alg, enc])
        opened.deserialize(token, key=self._key(jwk))
        plaintext: bytes = opened.payload
        return plaintext

    def thumbprint(self, jwk: Jwk) -> str:
        thumbprint: str = self._key(jwk).thumbprint()
        return thumbprint

    def _key(self, jwk: Jwk) -> Any:
        kept = {"alg"} if jwk["kty"] == "AKP" else set()
        return jwcrypto.jwk.JWK(**bare(jwk), **{name: jwk[name] for name in kept})


NODE = Path(__file__).parent / "node"


class NodeJose:
    """`jose` from npm, in one process of Node that is asked line by line; leave it with `close`."""

    name: ClassVar[str] = "jose (npm)"
    jws: ClassVar[tuple[str, ...]] = (*HMAC, *RSA, *NIST, "Ed25519", "EdDSA")
    jwe: ClassVar[tuple[str, ...]] = (
        *WRAPPING,
        "RSA-OAEP",
        "RSA-OAEP-256",
        "RSA-OAEP-384",
        "RSA-OAEP-512",
        *AGREEMENT,
        *PASSWORD,
    )
    enc: ClassVar[tuple[str, ...]] = ALL_ENC
    curves: ClassVar[tuple[str, ...]] = ("P-256", "P-384", "P-521", "X25519")

    _process: "subprocess.Popen[str] | None" = None

    @staticmethod
    def absent() -> str | None:
        """Say why it cannot be asked, if so."""
        if shutil.which("node") is None:
            return "NODE IS ABSENT: interoperation with npm's jose is not tested"
        if not (NODE / "node_modules" / "jose").is_dir():
            return "NPM'S JOSE IS NOT INSTALLED: interoperation with it is not tested (make interop-node)"
        return None

    def ask(self, op: str, **what: object) -> Any:
        """Ask one thing; raise what went wrong there."""
        if self._process is None:
            command = ["node", str(NODE / "peer.mjs")]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"op": op} | what) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["answer"]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def sign(self, alg: str, jwk: Jwk, payload: bytes) -> str:
        return str(self.ask("sign", alg=alg, jwk=bare(jwk), payload=text(payload)))

    def verify(self, alg: str, jwk: Jwk, token: str) -> bytes:
        return b64decode(self.ask("verify", alg=alg, jwk=bare(jwk), token=token))

    def encrypt(self, alg: str, enc: str, jwk: Jwk, plaintext: bytes) -> str:
        return str(self.ask("encrypt", alg=alg, enc=enc, payload=text(plaintext), **self._key(alg, jwk)))

    def decrypt(self, alg: str, enc: str, jwk: Jwk, token: str) -> bytes:
        return b64decode(self.ask("decrypt", alg=alg, enc=enc, token=token, **self._key(alg, jwk)))

    def thumbprint(self, jwk: Jwk) -> str:
        return str(self.ask("thumbprint", jwk=bare(jwk)))

    def _key(self, alg: str, jwk: Jwk) -> dict[str, object]:
        if alg in PASSWORD:
            return {"secret": text(b64decode(jwk["k"] + "==", altchars=b"-_"))}
        return {"jwk": bare(jwk)}


def text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
