"""A compact JWS is three canonical segments, one known header, and the right signature."""

import pytest

from gatepass.jose import (
    AlgorithmNotAllowed,
    BadSignature,
    JoseError,
    Key,
    KeyInvalid,
    KeySet,
    Malformed,
    TooLong,
    WrongType,
    b64,
    jws,
)

KEY = Key.generate("HS256", "k")
ALLOWED = frozenset({"HS256"})
TOKEN = jws.sign(b"payload", KEY, typ="t", cty="text/plain")
HEAD, BODY, TAIL = TOKEN.split(".")


def forged(header: str) -> str:
    assert KEY._sign is not None
    message = f"{b64.encode(header.encode())}.{BODY}"
    return f"{message}.{b64.encode(KEY._sign(message.encode()))}"


def test_payload_and_header_come_back() -> None:
    for _ in range(2):  # parsed, then remembered
        payload, header = jws.verify(TOKEN, KEY, typ="t", algorithms=ALLOWED)
        assert payload == b"payload"
        assert header == {"alg": "HS256", "kid": "k", "typ": "t", "cty": "text/plain"}


def test_an_empty_payload_is_a_payload() -> None:
    token = jws.sign(b"", KEY, typ="t")
    assert jws.verify(token, KEY, typ="t", algorithms=ALLOWED)[0] == b""


def test_typ_may_be_absent_when_the_caller_says_so() -> None:
    token = jws.sign(b"x", KEY, typ=None)
    assert jws.verify(token, KEY, typ=None, algorithms=ALLOWED)[1] == {"alg": "HS256", "kid": "k"}
    for typ, other in ((token, "t"), (TOKEN, None), (TOKEN, "other")):
        with pytest.raises(WrongType):
            jws.verify(typ, KEY, typ=other, algorithms=ALLOWED)


def test_typ_is_compared_as_a_media_type() -> None:
    for spelling in ("T", "application/t", "Application/T"):
        jws.verify(jws.sign(b"x", KEY, typ=spelling), KEY, typ="t", algorithms=ALLOWED)


MALFORMED = {
    "nothing": "",
    "no dot": "abc",
    "one dot": f"{HEAD}.{BODY}",
    "three dots": f"{TOKEN}.",
    "five segments": f"{HEAD}.{BODY}.{BODY}.{BODY}.{TAIL}",
    "white space before": f" {TOKEN}",
    "a line break after": f"{TOKEN}\n",
    "padding": f"{TOKEN}=",
    "padding in the payload": f"{HEAD}.{BODY}=.{TAIL}",
    "another alphabet": f"{HEAD}.{BODY}.+{TAIL[1:]}",
    "another script": f"{HEAD}.{BODY}.é{TAIL[1:]}",
    "a surrogate in the header": f"\ud800{HEAD}.{BODY}.{TAIL}",
    "an empty header": f".{BODY}.{TAIL}",
    "a header that is no JSON": forged("hello"),
    "a header that is an array": forged("[]"),
    "a header that names alg twice": forged('{"alg":"HS256","alg":"HS256","typ":"t"}'),
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_compact_jws_is_malformed(token: str) -> None:
    with pytest.raises(Malformed):
        jws.verify(token, KEY, typ="t", algorithms=ALLOWED)


@pytest.mark.parametrize("token", [None, TOKEN.encode(), 5, {}])
def test_a_token_is_text(token: object) -> None:
    with pytest.raises(Malformed):
        jws.verify(token, KEY, typ="t", algorithms=ALLOWED)  # type: ignore[arg-type]


def test_an_empty_signature_is_none() -> None:
    with pytest.raises(BadSignature):
        jws.verify(f"{HEAD}.{BODY}.", KEY, typ="t", algorithms=ALLOWED)


def test_the_cap_is_exact_and_comes_first() -> None:
    jws.verify(TOKEN, KEY, typ="t", algorithms=ALLOWED, max_length=len(TOKEN))
    with pytest.raises(TooLong):
        jws.verify(TOKEN, KEY, typ="t", algorithms=ALLOWED, max_length=len(TOKEN) - 1)
    with pytest.raises(TooLong):
        jws.verify("." * 10_000_000, KEY, typ="t", algorithms=ALLOWED)


def test_header_key_and_caller_agree() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        jws.verify(TOKEN, KEY, typ="t", algorithms=frozenset({"HS384"}))
    with pytest.raises(AlgorithmNotAllowed):
        jws.verify(forged('{"alg":"HS384","typ":"t"}'), KEY, typ="t", algorithms=frozenset({"HS384"}))
    with pytest.raises(AlgorithmNotAllowed):
        jws.verify(forged('{"alg":"none","typ":"t"}'), KEY, typ="t", algorithms=ALLOWED)


def test_what_one_caller_allowed_is_not_allowed_for_another() -> None:
    keys = KeySet([KEY, Key.generate("HS512", "k5")])
    jws.verify(TOKEN, keys, typ="t", algorithms=frozenset({"HS256", "HS512"}))
    with pytest.raises(AlgorithmNotAllowed):
        jws.verify(TOKEN, keys, typ="t", algorithms=frozenset({"HS512"}))
    with pytest.raises(WrongType):
        jws.verify(TOKEN, keys, typ="u", algorithms=ALLOWED)


def test_the_older_name_of_ed25519_counts_only_where_it_is_named() -> None:
    key = Key.generate("Ed25519", "k")
    older = Key.from_jwk(key.to_private_jwk() | {"alg": "EdDSA"})
    new, old = jws.sign(b"x", key, typ="t"), jws.sign(b"x", older, typ="t")
    for keys in (key, older, KeySet([key])):
        jws.verify(new, keys, typ="t", algorithms=frozenset({"Ed25519"}))
        jws.verify(old, keys, typ="t", algorithms=frozenset({"EdDSA"}))
        with pytest.raises(AlgorithmNotAllowed):
            jws.verify(old, keys, typ="t", algorithms=frozenset({"Ed25519"}))
        with pytest.raises(AlgorithmNotAllowed):
            jws.verify(new, keys, typ="t", algorithms=frozenset({"EdDSA"}))


@pytest.mark.parametrize(
    "algorithms", [frozenset(), frozenset({"none"}), frozenset({"HS256", "ES256"}), {"HS256"}]
)
def test_a_list_that_means_nothing_is_a_mistake_of_the_caller(algorithms: frozenset[str]) -> None:
    with pytest.raises(ValueError):
        jws.verify(TOKEN, KEY, typ="t", algorithms=algorithms)


def test_a_public_key_does_not_sign_and_an_encryption_key_does_nothing() -> None:
    with pytest.raises(KeyInvalid):
        jws.sign(b"x", Key.generate("ES256").public(), typ="t")
    with pytest.raises(KeyInvalid):
        jws.sign(b"x", Key.generate("A128KW"), typ="t")
    with pytest.raises(JoseError):
        jws.verify(TOKEN, Key.generate("A256GCM", "k"), typ="t", algorithms=ALLOWED)


@pytest.mark.parametrize("payload", ["text", bytearray(b"x"), None])
def test_a_payload_is_bytes(payload: object) -> None:
    with pytest.raises(Malformed):
        jws.sign(payload, KEY, typ="t")  # type: ignore[arg-type]


def test_a_typ_that_is_no_text_is_not_written() -> None:
    with pytest.raises(Malformed):
        jws.sign(b"x", KEY, typ="\ud800")


def test_only_good_signatures_are_remembered() -> None:
    key = Key.generate("HS256", "k")
    with pytest.raises(BadSignature):
        jws.verify(TOKEN, key, typ="t", algorithms=ALLOWED)
    assert not key._seen
    token = jws.sign(b"x", key, typ="t")
    jws.verify(token, key, typ="t", algorithms=ALLOWED)
    assert list(key._seen) == [token.partition(".")[0]]


def test_what_is_remembered_is_bounded() -> None:
    key = Key.generate("HS256", "k")
    for number in range(200):
        token = jws.sign(b"x", key, typ=f"t{number}")
        jws.verify(token, key, typ=f"t{number}", algorithms=ALLOWED)
    assert 0 < len(key._seen) <= 64
    assert 0 < len(key._heads) <= 64


def test_long_and_mixed_headers_are_not_remembered() -> None:
    key = Key.from_jwk(KEY.to_private_jwk())
    for token, typ in (
        (forged('{"alg":"HS256","typ":"t","n":1}'), "t"),
        (jws.sign(b"x", KEY, typ="t" * 600), "t" * 600),
    ):
        for _ in range(2):
            jws.verify(token, key, typ=typ, algorithms=ALLOWED)
    assert not key._seen
