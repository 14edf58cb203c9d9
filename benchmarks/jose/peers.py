"""Each peer as a row: how it signs, how it verifies (exp, nbf, iss, aud checked); `None`: it can't."""

import warnings
from collections.abc import Callable
from typing import Any

from benchmarks.jose.material import AUDIENCE, CLAIMS, ISSUER, NOW, Material

Operation = Callable[[], Any]


def gatepass(material: Material) -> tuple[Operation, Operation] | None:
    from gatepass.jose import Key, Policy, jwt

    if material.secret:
        key = Key.from_secret(material.alg, material.secret)
        public = key
    else:
        key = Key.from_pem(material.private_pem, material.alg)
        public = key.public()
    token = jwt.sign(CLAIMS, key, typ="JWT")
    policy = Policy(issuer=ISSUER, audience=AUDIENCE, typ="JWT", algorithms=frozenset({material.alg}))
    return lambda: jwt.sign(CLAIMS, key, typ="JWT"), lambda: jwt.verify(token, public, policy, now=NOW)


def pyjwt(material: Material) -> tuple[Operation, Operation] | None:
    import jwt

    alg = "EdDSA" if material.alg in {"Ed25519", "Ed448"} else material.alg
    if alg not in jwt.algorithms.get_default_algorithms():
        return None
    private, public = (material.secret,) * 2 if material.secret else (material.private, material.public)
    own = jwt.encode(CLAIMS, private, algorithm=alg)
    return (
        lambda: jwt.encode(CLAIMS, private, algorithm=alg),
        lambda: jwt.decode(own, public, algorithms=[alg], issuer=ISSUER, audience=AUDIENCE),
    )


def joserfc(material: Material) -> tuple[Operation, Operation] | None:
    from joserfc import jwk, jwt

    kind = _kind(material.alg)
    if kind is None:
        return None
    key = jwk.import_key(material.secret or material.private_pem, kind)
    public = jwk.import_key(material.secret or material.public_pem, kind)
    registry = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
    )
    header, algorithms = {"alg": material.alg}, [material.alg]
    own = jwt.encode(header, CLAIMS, key, algorithms=algorithms)

    def verify() -> object:
        decoded = jwt.decode(own, public, algorithms=algorithms)
        registry.validate(decoded.claims)
        return decoded

    return lambda: jwt.encode(header, CLAIMS, key, algorithms=algorithms), verify


def authlib(material: Material) -> tuple[Operation, Operation] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it points to joserfc, which is measured too
        from authlib.jose import JsonWebKey, JsonWebToken

    kind = _kind(material.alg)
    if kind is None or material.alg == "Ed448":
        return None
    alg = "EdDSA" if material.alg == "Ed25519" else material.alg
    library = JsonWebToken([alg])
    if material.secret:
        key = public = JsonWebKey.import_key(material.secret, {"kty": "oct"})
    else:
        key, public = JsonWebKey.import_key(material.private_pem), JsonWebKey.import_key(material.public_pem)
    header = {"alg": alg}
    own = library.encode(header, CLAIMS, key)
    options = {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": AUDIENCE}}

    def verify() -> object:
        claims = library.decode(own, public, claims_options=options)
        claims.validate()
        return claims

    return lambda: library.encode(header, CLAIMS, key), verify


def jwcrypto(material: Material) -> tuple[Operation, Operation] | None:
    from jwcrypto import jwk, jwt
    from jwcrypto.common import base64url_encode

    alg = "EdDSA" if material.alg in {"Ed25519", "Ed448"} else material.alg
    if material.secret:
        key = public = jwk.JWK(kty="oct", k=base64url_encode(material.secret))
    else:
        key, public = jwk.JWK.from_pem(material.private_pem), jwk.JWK.from_pem(material.public_pem)

    def sign() -> str:
        made = jwt.JWT(header={"alg": alg}, claims=CLAIMS, algs=[alg])
        made.make_signed_token(key)
        return str(made.serialize())

    own = sign()
    checks = {"iss": ISSUER, "aud": AUDIENCE, "exp": None}
    return sign, lambda: jwt.JWT(jwt=own, key=public, algs=[alg], check_claims=checks)


def ryjwt(material: Material) -> tuple[Operation, Operation] | None:
    import ryjwt  # needs Python 3.12

    if _kind(material.alg) is None or material.alg == "Ed448":
        return None
    algorithms = ["EdDSA" if material.alg == "Ed25519" else material.alg]
    if material.secret:
        key = public = ryjwt.SecretKey(
            material.secret, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE
        )
    else:
        key = ryjwt.PrivateKey(material.private_pem, algorithms=algorithms)
        public = ryjwt.PublicKey(material.public_pem, algorithms=algorithms, issuer=ISSUER, audience=AUDIENCE)
    own = key.encode(CLAIMS)
    return lambda: key.encode(CLAIMS), lambda: public.decode(own)


PEERS: dict[str, Callable[[Material], tuple[Operation, Operation] | None]] = {
    "PyJWT": pyjwt,
    "joserfc": joserfc,
    "Authlib": authlib,
    "jwcrypto": jwcrypto,
    "ryjwt": ryjwt,
}


def _kind(alg: str) -> Any:
    """Give the `kty` of an algorithm that the older peers know, else None."""
    return {"HS": "oct", "RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}.get(alg[:2])
