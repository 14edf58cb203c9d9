"""The page for people coming from joserfc names every call of theirs, and its table of errors is true."""

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Final

import joserfc.errors
import joserfc.jwe
import joserfc.jwk
import joserfc.jws
import joserfc.jwt
import pytest
from joserfc.jwk import ECKey, OctKey
from tests.docs.forging import compact, segment
from tests.docs.pages import DOCS, NOW, mentions, named, rows

from gatepass import jose
from gatepass.jose import JoseError, Key, KeySet, Policy, jwe, jws, jwt

PAGE: Final = DOCS / "howto" / "from-joserfc.md"
SECRET: Final = bytes(range(32))
THEIR_SECRET: Final = OctKey.import_key(SECRET)
MAC: Final = Key.from_secret("HS256", SECRET)
POLICY: Final = Policy(
    issuer="https://login.example", audience="clinic", typ="JWT", algorithms=frozenset({"HS256"})
)
GOOD: Final = {"iss": POLICY.issuer, "aud": POLICY.audience, "exp": int(NOW) + 60}
HEADER: Final = {"alg": "HS256", "typ": "JWT"}
PAIR: Final = Key.generate("ES256", kid="one")
MEMBERS: Final = PAIR.to_private_jwk()
BARE: Final = {name: value for name, value in MEMBERS.items() if name in {"kty", "crv", "x", "y", "d"}}
SEALED: Final = {"alg": "dir", "enc": "A256GCM"}
DIRECT: Final = Key.from_secret("dir", SECRET)

Pair = tuple[Callable[[], object], Callable[[], object]]


def theirs(token: str) -> None:
    found = joserfc.jwt.decode(token, THEIR_SECRET, algorithms=["HS256"])
    joserfc.jwt.JWTClaimsRegistry(
        now=int(NOW),
        leeway=30,
        iss={"essential": True, "value": POLICY.issuer},
        aud={"essential": True, "value": POLICY.audience},
        exp={"essential": True},
    ).validate(found.claims)


def ours(token: str) -> None:
    jwt.verify(token, MAC, POLICY, now=NOW)


def both(token: str) -> Pair:
    return (lambda: theirs(token)), (lambda: ours(token))


def signed(header: Mapping[str, object], claims: Mapping[str, object] = GOOD) -> str:
    return compact(header, claims, SECRET)


def their_opened(token: str) -> object:
    return joserfc.jwe.decrypt_compact(token, THEIR_SECRET, ["dir", "A256GCM"])


def our_opened(token: str) -> object:
    return jwe.decrypt(
        token, DIRECT, typ=None, algorithms=frozenset({"dir"}), encryptions=frozenset({"A256GCM"})
    )


def opened(token: str) -> Pair:
    return (lambda: their_opened(token)), (lambda: our_opened(token))


def sealed(header: Mapping[str, object], encrypted_key: str = "") -> str:
    parts = joserfc.jwe.encrypt_compact({**SEALED}, b"secret", THEIR_SECRET, ["dir", "A256GCM"]).split(".")
    return ".".join([segment(json.dumps(header).encode()), encrypted_key, *parts[2:]])


def verified_with(keys: KeySet) -> object:
    token = jws.sign(b"", PAIR, typ=None)
    return jws.verify(token, keys, typ=None, algorithms=frozenset({"ES256"}))


OTHER_SET: Final = {"keys": [{**BARE, "kid": "two", "alg": "ES256"}]}
UNKNOWN_SET: Final = {"keys": [{"kty": "unknown", "kid": "one"}]}
ES384: Final = Key.generate("ES384")
CASES: Final[dict[str, Pair]] = {
    "DecodeError": both("no.to.ken"),
    "DecodeError (JWE)": opened(sealed({**SEALED, "kid": "altered"})),
    "BadSignatureError": both(compact(HEADER, GOOD, b"x" * 32)),
    "ExpiredTokenError": both(signed(HEADER, {**GOOD, "exp": int(NOW) - 60})),
    "InvalidClaimError": both(signed(HEADER, {**GOOD, "aud": "shop"})),
    "InvalidClaimError (nbf)": both(signed(HEADER, {**GOOD, "nbf": int(NOW) + 60})),
    "MissingClaimError": both(signed(HEADER, {"iss": POLICY.issuer, "exp": int(NOW) + 60})),
    "InvalidPayloadError": both(jws.sign(b"[]", MAC, typ="JWT")),
    "ExceededSizeError": both(f"{'A' * 200_000}.e30."),
    "MissingAlgorithmError": both(signed({"typ": "JWT"})),
    "UnsupportedAlgorithmError": both(signed({**HEADER, "alg": "HS512"})),
    "UnsupportedKeyAlgorithmError": (
        lambda: OctKey.import_key(SECRET, {"alg": "HS256"}).check_alg("HS512"),
        lambda: jws.verify(
            signed({**HEADER, "alg": "HS512"}), MAC, typ="JWT", algorithms=frozenset({"HS256", "HS512"})
        ),
    ),
    "MissingEncryptionError": opened(sealed({"alg": "dir"})),
    "InvalidHeaderValueError": both(signed({**HEADER, "kid": 7})),
    "UnsupportedHeaderError": both(signed({**HEADER, "crit": ["ours"], "ours": 1})),
    "MissingCritHeaderError": both(signed({**HEADER, "crit": ["ours"]})),
    "InvalidEncryptedKeyError": opened(sealed(SEALED, "AAAA")),
    "InvalidKeyIdError": (
        lambda: joserfc.jwk.KeySet.import_key_set(OTHER_SET).get_by_kid("one"),  # type: ignore[arg-type]
        lambda: verified_with(KeySet.from_jwks(OTHER_SET)),
    ),
    "MissingKeyError": (
        lambda: joserfc.jwk.KeySet.import_key_set(UNKNOWN_SET),  # type: ignore[arg-type]
        lambda: verified_with(KeySet.from_jwks(UNKNOWN_SET)),
    ),
    "KeyParameterError": (
        lambda: ECKey.import_key({"kty": "EC", "crv": "P-256"}),
        lambda: Key.from_jwk({"kty": "EC", "crv": "P-256"}, "ES256"),
    ),
    "MissingKeyTypeError": (lambda: joserfc.jwk.import_key({"k": "AA"}), lambda: Key.from_jwk({"k": "AA"})),
    "InvalidKeyTypeError": (
        lambda: joserfc.jwk.import_key({"kty": "unknown"}),
        lambda: Key.from_jwk({"kty": "unknown"}),
    ),
    "UnsupportedKeyUseError": (
        lambda: ECKey.import_key({**BARE, "use": "enc"}).check_use("sig"),
        lambda: Key.from_jwk({**BARE, "use": "enc"}, "ES256"),
    ),
    "UnsupportedKeyOperationError": (
        lambda: joserfc.jws.serialize_compact({"alg": "ES256"}, b"", ECKey.import_key(PAIR.to_pem())),
        lambda: jws.sign(b"", PAIR.public(), typ=None),
    ),
    "InvalidKeyCurveError": (
        lambda: joserfc.jws.serialize_compact({"alg": "ES256"}, b"", ECKey.generate_key("P-384")),
        lambda: Key.from_pem(ES384.to_pem(), "ES256"),
    ),
    "InvalidKeyLengthError": (
        lambda: joserfc.jwe.encrypt_compact({"alg": "A128KW", "enc": "A128GCM"}, b"", THEIR_SECRET),
        lambda: Key.from_secret("A128KW", SECRET),
    ),
}


def refused_by(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("accepted")


def test_the_accepted_twins() -> None:
    theirs(signed(HEADER))
    ours(signed(HEADER))
    whole = jwe.encrypt(b"secret", DIRECT, enc="A256GCM", typ=None)
    their_opened(whole)
    our_opened(whole)
    verified_with(KeySet([PAIR.public()]))


def first(row: list[str]) -> str:
    return row[0].replace("`", "")


@pytest.mark.parametrize("row", [*rows(PAGE, "Errors")], ids=first)
def test_a_row_of_the_errors_is_what_both_raise(row: list[str]) -> None:
    (our_name,), (code,) = named(row[2]), named(row[3])
    their_error, our_error = map(refused_by, CASES[first(row)])
    assert type(their_error).__name__ == named(row[0])[0]
    assert isinstance(our_error, JoseError)
    assert type(our_error) is getattr(jose, our_name)
    assert our_error.code == code


ERRORS: Final = [name for name, one in vars(joserfc.errors).items() if inspect.isclass(one)]
ANNOTATIONS: Final = {
    *("AnyKey", "DictKey", "Key", "KeyBase", "KeyCallable", "KeyFlexible", "KeyParameters"),
    *("GuestProtocol", "Claims", "KeySetSerialization"),
}
NAMES: Final = {
    f"{module.__name__}.{name}": name
    for module in (joserfc.jwt, joserfc.jws, joserfc.jwe, joserfc.jwk)
    for name in module.__all__
    if name not in ANNOTATIONS
}


@pytest.mark.parametrize("name", [*NAMES.values(), *ERRORS], ids=[*NAMES, *ERRORS])
def test_every_public_name_of_theirs_is_on_the_page(name: str) -> None:
    assert mentions(PAGE, name)


INSIDE: Final = {
    *("binding", "value_registry", "param_registry", "operation_registry", "extra_parameters"),
    *("thumbprint_digest_method", "original_value", "algorithm_keys", "registry_cls"),
}
METHODS: Final = {
    f"{owner.__name__}.{name}": name
    for owner in (OctKey, joserfc.jwk.RSAKey, ECKey, joserfc.jwk.OKPKey, joserfc.jwk.KeySet)
    for name in dir(owner)
    if not name.startswith("_") and name not in INSIDE
}


@pytest.mark.parametrize("name", METHODS.values(), ids=METHODS)
def test_every_method_of_theirs_is_on_the_page(name: str) -> None:
    assert mentions(PAGE, name)
