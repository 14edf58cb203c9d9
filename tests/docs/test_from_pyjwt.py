"""The page for people coming from PyJWT names every call of theirs, and its table of errors is true."""

import inspect
from collections.abc import Callable
from typing import Final

import jwt as pyjwt
import jwt.exceptions
import pytest
from jwt.types import Options
from tests.docs.forging import compact
from tests.docs.pages import DOCS, NOW, mentions, named, rows

from gatepass import jose
from gatepass.jose import JoseError, Key, KeySet, Policy
from gatepass.jose import jwt as our_jwt

PAGE: Final = DOCS / "howto" / "from-pyjwt.md"
ISSUER, AUDIENCE = "https://login.example", "clinic"
SECRET: Final = bytes(range(32))
MAC: Final = Key.from_secret("HS256", SECRET)
POLICY: Final = Policy(issuer=ISSUER, audience=AUDIENCE, typ="JWT", algorithms=frozenset({"HS256"}))
GOOD: Final = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(NOW) + 60}
REQUIRED: Final = ("iss", "aud", "exp")


def theirs(token: str) -> object:
    return pyjwt.decode(
        token,
        SECRET,
        algorithms=["HS256"],
        issuer=ISSUER,
        audience=AUDIENCE,
        options={"require": [*REQUIRED]},
    )


def ours(token: str) -> object:
    return our_jwt.verify(token, MAC, POLICY, now=NOW)


def claims(**changed: object) -> str:
    return compact({"alg": "HS256", "typ": "JWT"}, {**GOOD, **changed}, SECRET)


def header(**changed: object) -> str:
    return compact({"alg": "HS256", "typ": "JWT", **changed}, GOOD, SECRET)


def without(name: str) -> str:
    return compact({"alg": "HS256", "typ": "JWT"}, {k: v for k, v in GOOD.items() if k != name}, SECRET)


TOKENS: Final = {
    "DecodeError": "no token",
    "InvalidSignatureError": compact({"alg": "HS256", "typ": "JWT"}, GOOD, b"x" * 32),
    "ExpiredSignatureError": claims(exp=int(NOW)),
    "ImmatureSignatureError": claims(nbf=int(NOW) + 60),
    "InvalidIssuedAtError": claims(iat="today"),
    "InvalidAudienceError": claims(aud="shop"),
    "InvalidIssuerError": claims(iss="https://login.example.org"),
    "InvalidSubjectError": claims(sub=7),
    "InvalidJTIError": claims(jti=7),
    "MissingRequiredClaimError": without("aud"),
    "InvalidAlgorithmError": header(alg="HS512"),
    "InvalidTokenError": header(crit=["exp"], exp=1),
}
PEM: Final = Key.generate("ES256").to_pem()
UNKNOWN: Final = Key.generate("ES256").to_jwk() | {"alg": "ES999"}
NAMED: Final = KeySet([Key.generate("ES256", kid="one")])


class Client(pyjwt.PyJWKClient):
    """Their client, with the network taken out."""

    def fetch_data(self) -> object:
        return NAMED.to_jwks()


def our_search() -> object:
    token = our_jwt.sign(GOOD, Key.generate("ES256", kid="two"), typ="JWT")
    policy = Policy(issuer=ISSUER, audience=AUDIENCE, typ="JWT", algorithms=frozenset({"ES256"}))
    return our_jwt.verify(token, NAMED, policy, now=NOW)


CALLS: Final[dict[str, tuple[Callable[[], object], Callable[[], object]]]] = {
    "InvalidKeyError": (
        lambda: pyjwt.encode(GOOD, PEM, algorithm="HS256"),
        lambda: Key.from_pem(PEM, "HS256"),
    ),
    "InsecureKeyLengthWarning": (
        lambda: pyjwt.encode(GOOD, b"short", algorithm="HS256"),
        lambda: Key.from_secret("HS256", b"short"),
    ),
    "PyJWKError": (lambda: pyjwt.PyJWK(UNKNOWN), lambda: Key.from_jwk(UNKNOWN)),
    "PyJWKSetError": (lambda: pyjwt.PyJWKSet.from_dict({}), lambda: KeySet.from_jwks({})),
    "PyJWKClientError": (lambda: Client("https://login.example").get_signing_key("two"), our_search),
}


def refused_by(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("accepted")


@pytest.mark.usefixtures("fixed_clock")
def test_the_accepted_twin() -> None:
    assert theirs(claims()) == GOOD
    ours(claims())


@pytest.mark.usefixtures("fixed_clock")
@pytest.mark.parametrize("row", [*rows(PAGE, "Errors")], ids=lambda row: str(named(row[0])[0]))
def test_a_row_of_the_errors_is_what_both_raise(row: list[str]) -> None:
    (their_name,), (our_name,), (code,) = named(row[0]), named(row[2]), named(row[3])
    if their_name in TOKENS:
        token = TOKENS[their_name]
        their_error, our_error = refused_by(lambda: theirs(token)), refused_by(lambda: ours(token))
    else:
        their_error, our_error = map(refused_by, CALLS[their_name])
    assert type(their_error).__name__ == their_name
    assert isinstance(our_error, JoseError)
    assert type(our_error) is getattr(jose, our_name)
    assert our_error.code == code


ERRORS: Final = [
    name for name, one in vars(jwt.exceptions).items() if inspect.isclass(one) and issubclass(one, Exception)
]


@pytest.mark.parametrize("name", [*pyjwt.__all__, *Options.__annotations__, *ERRORS])
def test_every_public_name_of_theirs_is_on_the_page(name: str) -> None:
    assert mentions(PAGE, name)


ARGUMENTS: Final = {
    f"{call.__qualname__}({name}=)": name
    for call in (pyjwt.encode, pyjwt.decode, pyjwt.PyJWKClient.__init__)
    for name in inspect.signature(call).parameters
    if name not in {"self", "jwt", "key", "payload", "kwargs", "uri"}  # given by position
}


@pytest.mark.parametrize("name", ARGUMENTS.values(), ids=ARGUMENTS)
def test_every_argument_of_theirs_is_on_the_page(name: str) -> None:
    assert mentions(PAGE, name)


METHODS: Final = {
    f"{owner.__name__}.{name}": name
    for owner in (pyjwt.PyJWK, pyjwt.PyJWKSet, pyjwt.PyJWKClient, pyjwt.PyJWS, pyjwt.PyJWT)
    for name in vars(owner)
    if not name.startswith("_") and name != "header_typ"
}


@pytest.mark.parametrize("name", METHODS.values(), ids=METHODS)
def test_every_method_of_theirs_is_on_the_page(name: str) -> None:
    assert mentions(PAGE, name)
