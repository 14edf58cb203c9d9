"""Tokens: issued with what they need, judged as a whole, and never more sure than was checked."""

import os
from typing import Any

import msgspec
import pytest

from gatepass.jose import (
    ClaimError,
    ClaimInvalid,
    Decrypted,
    DecryptionFailed,
    JoseError,
    Key,
    KeyInvalid,
    KeySet,
    Malformed,
    Policy,
    TooLong,
    Unverified,
    Verified,
    WrongType,
    b64,
    jwe,
    jws,
    jwt,
)

NOW = 1_700_000_000.75
KEY = Key.generate("HS256", "k")
CLAIMS: dict[str, Any] = {
    "iss": "https://auth",
    "aud": "clinic",
    "exp": 1_700_000_060,
    "sub": "u",
    "roles": ["a"],
}
POLICY = Policy(issuer="https://auth", audience="clinic", typ="at+jwt", algorithms=frozenset({"HS256"}))


class Access(msgspec.Struct, frozen=True):
    """Claims of our own."""

    iss: str
    aud: str
    exp: int
    sub: str
    roles: list[str]


def signed(payload: bytes, typ: str = "at+jwt") -> str:
    return jws.sign(payload, KEY, typ=typ)


def test_claims_come_back_as_a_checked_fact() -> None:
    verified = jwt.verify(jwt.sign(CLAIMS, KEY, typ="at+jwt"), KEY, POLICY, now=NOW)
    assert isinstance(verified, Verified)
    assert verified.claims == CLAIMS
    assert repr(verified) == "<Verified kid='k'>"


def test_claims_come_back_as_the_type_asked_for() -> None:
    token = jwt.sign(Access("https://auth", "clinic", 1_700_000_060, "u", ["a"]), KEY, typ="at+jwt")
    verified = jwt.verify(token, KEY, POLICY, now=NOW, claims_type=Access)
    assert verified.claims == Access("https://auth", "clinic", 1_700_000_060, "u", ["a"])


MISFITS: dict[str, tuple[dict[str, Any], str, str]] = {
    "roles": ({"roles": "a"}, "claim_invalid", "roles"),
    "one of the roles": ({"roles": ["a", 1]}, "claim_invalid", "roles"),
    "no roles": ({"roles": ...}, "claim_missing", "roles"),
}


@pytest.mark.parametrize(("changes", "code", "claim"), MISFITS.values(), ids=MISFITS)
def test_claims_that_do_not_fit_the_type_are_refused(changes: dict[str, Any], code: str, claim: str) -> None:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    token = jwt.sign(claims, KEY, typ="at+jwt")
    jwt.verify(token, KEY, POLICY, now=NOW)
    with pytest.raises(ClaimError) as caught:
        jwt.verify(token, KEY, POLICY, now=NOW, claims_type=Access)
    assert (caught.value.code, caught.value.claim) == (code, claim)
    assert caught.value.__context__ is None


def test_a_type_that_claims_never_have_is_refused() -> None:
    token = jwt.sign(CLAIMS, KEY, typ="at+jwt")
    with pytest.raises(ClaimInvalid):
        jwt.verify(token, KEY, POLICY, now=NOW, claims_type=int)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b'{"iss":"a","iss":"b"}', b"\xff"])
def test_a_good_signature_over_no_claims_is_malformed(payload: bytes) -> None:
    with pytest.raises(Malformed):
        jwt.verify(signed(payload), KEY, POLICY, now=NOW)


def test_only_one_typ_is_accepted() -> None:
    for typ in ("JWT", "id+jwt", "at+jwt+x"):
        with pytest.raises(WrongType):
            jwt.verify(jwt.sign(CLAIMS, KEY, typ=typ), KEY, POLICY, now=NOW)
    jwt.verify(jwt.sign(CLAIMS, KEY, typ="application/AT+JWT"), KEY, POLICY, now=NOW)


def test_the_policys_cap_is_the_cap() -> None:
    token = jwt.sign(CLAIMS, KEY, typ="at+jwt")
    short = Policy(
        issuer="https://auth",
        audience="clinic",
        typ="at+jwt",
        algorithms=frozenset({"HS256"}),
        max_length=len(token) - 1,
    )
    with pytest.raises(TooLong):
        jwt.verify(token, KEY, short, now=NOW)


UNSIGNABLE: dict[str, Any] = {
    "exp is a text": {"exp": "soon"},
    "aud is a set": {"aud": {"a"}},
    "NaN": {"x": float("nan")},
    "bytes": {"x": b"x"},
}


@pytest.mark.parametrize("claims", UNSIGNABLE.values(), ids=UNSIGNABLE)
def test_claims_of_wrong_types_are_not_signed(claims: dict[str, Any]) -> None:
    with pytest.raises((ClaimInvalid, Malformed)):
        jwt.sign(claims, KEY, typ="at+jwt")


def test_any_mapping_can_be_signed() -> None:
    from types import MappingProxyType

    assert jwt.peek(jwt.sign(MappingProxyType({"a": 1}), KEY, typ="x")).claims == {"a": 1}


@pytest.mark.parametrize("claims", [None, [], 5, "x", [("a", 1)]])
def test_claims_are_a_mapping(claims: Any) -> None:
    with pytest.raises(Malformed):
        jwt.sign(claims, KEY, typ="x")


def test_an_issued_token_has_its_times_and_a_name_of_its_own() -> None:
    claims = {"iss": "https://auth", "aud": "clinic"}
    token = jwt.issue(claims, KEY, typ="at+jwt", lifetime=60, now=NOW, entropy=os.urandom)
    filled = jwt.verify(token, KEY, POLICY, now=NOW).claims
    assert (filled["iat"], filled["exp"]) == (1_700_000_000, 1_700_000_060)
    assert len(b64.decode(filled["jti"])) == 16
    again = jwt.issue(claims, KEY, typ="at+jwt", lifetime=60, now=NOW, entropy=os.urandom)
    assert jwt.peek(again).claims["jti"] != filled["jti"]
    assert claims == {"iss": "https://auth", "aud": "clinic"}


@pytest.mark.parametrize("name", ["iat", "exp", "jti"])
def test_what_is_filled_in_is_not_given(name: str) -> None:
    with pytest.raises(ClaimInvalid) as caught:
        jwt.issue({name: 1}, KEY, typ="x", lifetime=60, now=NOW, entropy=os.urandom)
    assert caught.value.claim == name


@pytest.mark.parametrize(
    ("lifetime", "now"),
    [
        (0, NOW),
        (-1, NOW),
        (float("nan"), NOW),
        (float("inf"), NOW),
        (60, -1),
        (60, float("nan")),
        (60, 1e300),
    ],
)
def test_a_life_that_leads_nowhere_is_refused(lifetime: float, now: float) -> None:
    with pytest.raises(ClaimInvalid):
        jwt.issue({}, KEY, typ="x", lifetime=lifetime, now=now, entropy=os.urandom)


def test_peek_shows_what_nobody_checked() -> None:
    token = jwt.sign({"sub": "u"}, Key.generate("ES256", "stranger"), typ="x")
    peeked = jwt.peek(token)
    assert isinstance(peeked, Unverified)
    assert not isinstance(peeked, Verified)
    assert peeked.claims == {"sub": "u"}
    assert peeked.header["kid"] == "stranger"
    assert repr(peeked) == "<Unverified>"
    assert jwt.peek_header(token) == peeked.header


NO_TOKENS: dict[str, Any] = {
    "nothing": "",
    "bytes": b"a.b.c",
    "None": None,
    "no dots": "abc",
    "no claims": f"{signed(b'x')}",
    "too long": "." * 20_000,
    "a bad signature segment": jwt.sign({}, KEY, typ="x") + "=",
    "a surrogate": "\ud800.e30.e30",
}


@pytest.mark.parametrize("token", NO_TOKENS.values(), ids=NO_TOKENS)
def test_peek_refuses_what_has_no_form(token: Any) -> None:
    with pytest.raises(Malformed):
        jwt.peek(token)


@pytest.mark.parametrize("token", ["", "abc", "a.b", "a.b.c.d", "a.b.c.d.e.f", None, "." * 20_000])
def test_peek_header_refuses_what_has_no_form(token: Any) -> None:
    with pytest.raises(Malformed):
        jwt.peek_header(token)


# --- encrypted, and nested
# -------------------------------------------------------------------------------------

SIGNER = Key.generate("ES256", "signer")
RECEIVER = Key.generate("ECDH-ES+A256KW", "receiver", curve="X25519")
ENVELOPE: dict[str, frozenset[str]] = {
    "algorithms": frozenset({"ECDH-ES+A256KW"}),
    "encryptions": frozenset({"A256GCM"}),
}
SECRET_POLICY = Policy(issuer="https://auth", audience="clinic", typ="at+jwt", **ENVELOPE)  # type: ignore[arg-type]
INNER_POLICY = Policy(issuer="https://auth", audience="clinic", typ="at+jwt", algorithms=frozenset({"ES256"}))


def test_encrypted_claims_come_back_as_a_secret_somebody_sent() -> None:
    token = jwt.encrypt(CLAIMS, RECEIVER.public(), enc="A256GCM", typ="at+jwt")
    assert jwt.peek_header(token)["enc"] == "A256GCM"
    decrypted = jwt.decrypt(token, KeySet([RECEIVER]), SECRET_POLICY, now=NOW)
    assert isinstance(decrypted, Decrypted)
    assert not isinstance(decrypted, Verified)
    assert decrypted.claims == CLAIMS
    assert decrypted.kid == "receiver"
    assert repr(decrypted) == "<Decrypted kid='receiver'>"
    assert jwt.decrypt(token, RECEIVER, SECRET_POLICY, now=NOW, claims_type=Access).claims.sub == "u"


def test_encrypted_claims_are_judged_like_signed_ones() -> None:
    for claims, typ, error in (
        (CLAIMS | {"exp": 5}, "at+jwt", "expired"),
        (CLAIMS | {"iss": "x"}, "at+jwt", "claim_invalid"),
        (CLAIMS, "JWT", "wrong_type"),
    ):
        token = jwt.encrypt(claims, RECEIVER, enc="A256GCM", typ=typ)
        with pytest.raises(JoseError) as caught:
            jwt.decrypt(token, RECEIVER, SECRET_POLICY, now=NOW)
        assert caught.value.code == error


def test_a_policy_for_signatures_decrypts_nothing() -> None:
    token = jwt.encrypt(CLAIMS, RECEIVER, enc="A256GCM", typ="at+jwt")
    with pytest.raises(JoseError):
        jwt.decrypt(token, RECEIVER, INNER_POLICY, now=NOW)
    with pytest.raises(JoseError):
        jwt.verify(jwt.sign(CLAIMS, SIGNER, typ="at+jwt"), SIGNER, SECRET_POLICY, now=NOW)


def with_header(monkeypatch: pytest.MonkeyPatch, **members: Any) -> str:
    """Encrypt CLAIMS with more members in the header than `jwt.encrypt` writes (RFC 7519 §5.3)."""
    real = RECEIVER._wrap
    assert real is not None

    def wrap(enc: Any, entropy: Any) -> tuple[bytes, bytes, dict[str, Any]]:
        key, carried, extra = real(enc, entropy)
        return key, carried, extra | members

    key = Key.from_jwk(RECEIVER.to_private_jwk())
    object.__setattr__(key, "_wrap", wrap)
    return jwt.encrypt(CLAIMS, key, enc="A256GCM", typ="at+jwt")


def test_claims_repeated_in_the_header_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    good = with_header(monkeypatch, iss="https://auth", sub="u", aud="clinic")
    assert jwt.decrypt(good, RECEIVER, SECRET_POLICY, now=NOW).claims == CLAIMS
    for name in ("iss", "sub", "aud"):
        with pytest.raises(ClaimInvalid) as caught:
            jwt.decrypt(with_header(monkeypatch, **{name: "other"}), RECEIVER, SECRET_POLICY, now=NOW)
        assert caught.value.claim == name


def nested(token: str, **more: Any) -> Verified[dict[str, Any]]:
    return jwt.verify_nested(token, RECEIVER, SIGNER.public(), INNER_POLICY, now=NOW, **ENVELOPE, **more)


def test_a_nested_token_is_secret_and_its_writer_known() -> None:
    token = jwt.nest(CLAIMS, SIGNER, RECEIVER.public(), typ="at+jwt", enc="A256GCM")
    assert jwt.peek_header(token)["cty"] == "JWT"
    verified = nested(token)
    assert verified.claims == CLAIMS
    assert verified.kid == "signer"
    typed = jwt.verify_nested(token, RECEIVER, SIGNER, INNER_POLICY, now=NOW, claims_type=Access, **ENVELOPE)
    assert typed.claims.sub == "u"


def test_both_layers_of_a_nested_token_are_checked() -> None:
    stranger = Key.generate("ES256", "signer")
    with pytest.raises(JoseError) as caught:
        nested(jwt.nest(CLAIMS, stranger, RECEIVER, typ="at+jwt", enc="A256GCM"))
    assert caught.value.code == "bad_signature"
    other = Key.generate("ECDH-ES+A256KW", "receiver", curve="X25519")
    with pytest.raises(DecryptionFailed):
        nested(jwt.nest(CLAIMS, SIGNER, other, typ="at+jwt", enc="A256GCM"))
    with pytest.raises(KeyInvalid):
        jwt.nest(CLAIMS, SIGNER.public(), RECEIVER, typ="at+jwt", enc="A256GCM")


def test_a_nested_token_says_that_it_is_one() -> None:
    inner = jwt.sign(CLAIMS, SIGNER, typ="at+jwt").encode()
    for cty, typ, accepted in (
        ("JWT", None, True),
        ("jwt", "JWT", True),
        (None, None, False),
        ("JWT", "x", False),
    ):
        token = jwe.encrypt(inner, RECEIVER, enc="A256GCM", typ=typ, cty=cty)
        if accepted:
            assert nested(token).claims == CLAIMS
        else:
            with pytest.raises(WrongType):
                nested(token)


def test_what_is_inside_is_a_token() -> None:
    for inside in (b"", b"\xff\xfe", b"a.b.c", jwe.encrypt(b"x", RECEIVER, enc="A256GCM", typ=None).encode()):
        token = jwe.encrypt(inside, RECEIVER, enc="A256GCM", typ=None, cty="JWT")
        with pytest.raises(Malformed):
            nested(token)


def test_an_encrypted_token_is_not_a_signed_one() -> None:
    token = jwt.nest(CLAIMS, SIGNER, RECEIVER, typ="at+jwt", enc="A256GCM")
    with pytest.raises(Malformed):
        jwt.verify(token, SIGNER, INNER_POLICY, now=NOW)
    with pytest.raises(Malformed):
        nested(jwt.sign(CLAIMS, SIGNER, typ="at+jwt"))
