"""A compact JWE opens with its own key, says nothing about why it does not, and never unpacks a bomb."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gatepass.jose import (
    AlgorithmNotAllowed,
    CriticalHeader,
    DecryptionFailed,
    JoseError,
    Key,
    KeyInvalid,
    KeyNotFound,
    KeySet,
    Malformed,
    TooLong,
    WrongType,
    b64,
    jwe,
)
from gatepass.jose.jwe_algorithms import DIRECT_KEYS, JWE_ALGORITHMS
from gatepass.jose.jwe_encryptions import ENCRYPTIONS

ALL_ENC = frozenset(ENCRYPTIONS)


def cases() -> list[tuple[str, str | None, str]]:
    """Every algorithm with every curve, and every content encryption at least once with each family."""
    found: list[tuple[str, str | None, str]] = []
    for number, (alg, row) in enumerate(JWE_ALGORITHMS.items()):
        encs = (
            ["A256GCM"]
            if alg == "dir"
            else [list(ENCRYPTIONS)[number % 6], list(ENCRYPTIONS)[(number + 3) % 6]]
        )
        found += [(alg, curve, enc) for curve in row.shape.curves or (None,) for enc in encs]
    return found + [(enc, None, enc) for enc in DIRECT_KEYS]


def decrypted(token: str, keys: Key | KeySet, alg: str, typ: str | None = "t") -> bytes:
    name = "dir" if alg in DIRECT_KEYS else alg
    return jwe.decrypt(token, keys, typ=typ, algorithms=frozenset({name}), encryptions=ALL_ENC)[0]


@pytest.mark.parametrize(("alg", "curve", "enc"), cases())
def test_each_algorithm_opens_what_it_sealed(alg: str, curve: str | None, enc: str) -> None:
    key = Key.generate(alg, "k", curve=curve)
    sealer = key if JWE_ALGORITHMS.get(alg, DIRECT_KEYS.get(alg)).shape.kty == "oct" else key.public()  # type: ignore[union-attr]
    for plaintext in (b"", b"hello", bytes(1000)):
        token = jwe.encrypt(plaintext, sealer, enc=enc, typ="t", cty="c")
        assert decrypted(token, key, alg) == plaintext
        assert decrypted(token, KeySet([key]), alg) == plaintext
    token = jwe.encrypt(b"hello", sealer, enc=enc, typ="t")
    with pytest.raises(DecryptionFailed):
        decrypted(token, Key.generate(alg, "k", curve=curve), alg)


@pytest.mark.parametrize("enc", ENCRYPTIONS)
@pytest.mark.parametrize("alg", ["A128KW", "A256GCMKW", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW"])
def test_every_altered_part_fails_in_one_way(alg: str, enc: str) -> None:
    key = Key.generate(alg, "k")
    token = jwe.encrypt(b"hello", key, enc=enc, typ="t")
    segments = token.split(".")
    messages = set()
    for number in range(1, 5):
        data = b64.decode(segments[number])
        if not data:
            continue
        for altered in (bytes([data[0] ^ 1]) + data[1:], data[:-1], data + b"\0", data[:4]):
            changed = ".".join([*segments[:number], b64.encode(altered), *segments[number + 1 :]])
            with pytest.raises(DecryptionFailed) as caught:
                decrypted(changed, key, alg)
            messages.add((type(caught.value), str(caught.value), caught.value.__cause__))
    assert messages == {(DecryptionFailed, "the token cannot be decrypted", None)}


def rewritten(token: str, change: Callable[[dict[str, Any]], object]) -> str:
    head, rest = token.split(".", 1)
    members = json.loads(b64.decode(head))
    change(members)
    return f"{b64.encode(json.dumps(members).encode())}.{rest}"


KEY = Key.generate("A256KW", "k")
TOKEN = jwe.encrypt(b"hello", KEY, enc="A128GCM", typ="t")
HEAD, CARRIED, IV, TEXT, TAG = TOKEN.split(".")
MALFORMED = {
    "nothing": "",
    "three segments": f"{HEAD}.{TEXT}.{TAG}",
    "six segments": f"{TOKEN}.",
    "no header": f".{CARRIED}.{IV}.{TEXT}.{TAG}",
    "no encrypted key": f"{HEAD}..{IV}.{TEXT}.{TAG}",
    "padding": f"{TOKEN}=",
    "another alphabet": f"{HEAD}.{CARRIED}.{IV}.+{TEXT}.{TAG}",
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_compact_jwe_is_malformed(token: str) -> None:
    with pytest.raises(Malformed):
        decrypted(token, KEY, "A256KW")


@pytest.mark.parametrize("token", [None, TOKEN.encode(), 5])
def test_a_token_is_text(token: Any) -> None:
    with pytest.raises(Malformed):
        decrypted(token, KEY, "A256KW")


def test_the_cap_is_exact_and_comes_first() -> None:
    with pytest.raises(TooLong):
        decrypted("." * 10_000_000, KEY, "A256KW")
    arguments: dict[str, Any] = {"typ": "t", "algorithms": frozenset({"A256KW"}), "encryptions": ALL_ENC}
    jwe.decrypt(TOKEN, KEY, max_length=len(TOKEN), **arguments)
    with pytest.raises(TooLong):
        jwe.decrypt(TOKEN, KEY, max_length=len(TOKEN) - 1, **arguments)


@pytest.mark.parametrize("members", [{"zip": "DEF"}, {"crit": ["exp"]}, {"zip": 5}])
def test_no_extension_is_spoken(members: dict[str, Any]) -> None:
    with pytest.raises(CriticalHeader):
        decrypted(rewritten(TOKEN, lambda header: header.update(members)), KEY, "A256KW")


def test_the_callers_lists_are_exact() -> None:
    for algorithms, encryptions in (({"A128KW"}, {"A128GCM"}), ({"A256KW"}, {"A256GCM"})):
        with pytest.raises(AlgorithmNotAllowed):
            jwe.decrypt(
                TOKEN, KEY, typ="t", algorithms=frozenset(algorithms), encryptions=frozenset(encryptions)
            )
    for alg in ("RSA1_5", "none", "A128KW"):
        with pytest.raises(AlgorithmNotAllowed):
            decrypted(rewritten(TOKEN, lambda header, alg=alg: header.update(alg=alg)), KEY, "A256KW")  # type: ignore[misc]
    with pytest.raises(AlgorithmNotAllowed):
        decrypted(rewritten(TOKEN, lambda header: header.pop("enc")), KEY, "A256KW")


@pytest.mark.parametrize(
    ("algorithms", "encryptions"),
    [((), ALL_ENC), (("A256KW",), ()), (("A256KW", "RSA-OAEP"), ALL_ENC), (("A256KW",), ("A1GCM",))],
)
def test_a_list_that_means_nothing_is_a_mistake_of_the_caller(algorithms: Any, encryptions: Any) -> None:
    with pytest.raises(ValueError):
        jwe.decrypt(TOKEN, KEY, typ="t", algorithms=frozenset(algorithms), encryptions=frozenset(encryptions))


def test_typ_is_held_to_what_the_caller_says() -> None:
    bare = jwe.encrypt(b"x", KEY, enc="A128GCM", typ=None)
    assert decrypted(bare, KEY, "A256KW", None) == b"x"
    for token, typ in ((bare, "t"), (TOKEN, None), (TOKEN, "u")):
        with pytest.raises(WrongType):
            decrypted(token, KEY, "A256KW", typ)


def test_a_kid_finds_its_key() -> None:
    keys = KeySet([KEY, Key.generate("A256KW", "other")])
    assert decrypted(TOKEN, keys, "A256KW") == b"hello"
    with pytest.raises(KeyNotFound):
        decrypted(rewritten(TOKEN, lambda header: header.update(kid="x")), keys, "A256KW")


def test_a_public_key_does_not_decrypt_and_a_signing_key_does_not_encrypt() -> None:
    key = Key.generate("ECDH-ES", "k")
    token = jwe.encrypt(b"x", key.public(), enc="A128GCM", typ="t")
    with pytest.raises(KeyInvalid):
        decrypted(token, key.public(), "ECDH-ES")
    with pytest.raises(KeyInvalid):
        jwe.encrypt(b"x", Key.generate("ES256"), enc="A128GCM", typ="t")
    with pytest.raises(AlgorithmNotAllowed):
        jwe.encrypt(b"x", key, enc="A512GCM", typ="t")
    with pytest.raises(Malformed):
        jwe.encrypt("x", key, enc="A128GCM", typ="t")  # type: ignore[arg-type]


def test_operations_limit_what_a_key_does() -> None:
    jwk = KEY.to_private_jwk()
    with pytest.raises(KeyInvalid):
        jwe.encrypt(b"x", Key.from_jwk(jwk | {"key_ops": ["unwrapKey"]}), enc="A128GCM", typ="t")
    with pytest.raises(KeyInvalid):
        decrypted(TOKEN, Key.from_jwk(jwk | {"key_ops": ["wrapKey"]}), "A256KW")


def test_a_direct_key_serves_only_the_content_encryption_of_its_size_or_name() -> None:
    key = Key.from_secret("dir", bytes(32), "k")
    for enc in ("A256GCM", "A128CBC-HS256"):
        assert decrypted(jwe.encrypt(b"x", key, enc=enc, typ="t"), key, "dir") == b"x"
    with pytest.raises(KeyInvalid):
        jwe.encrypt(b"x", key, enc="A128GCM", typ="t")
    bound = Key.from_secret("A256GCM", bytes(32), "k")
    with pytest.raises(KeyInvalid):
        jwe.encrypt(b"x", bound, enc="A128CBC-HS256", typ="t")
    token = jwe.encrypt(b"x", key, enc="A128CBC-HS256", typ="t")
    with pytest.raises(KeyInvalid):
        decrypted(token, bound, "A256GCM")


def test_a_direct_token_carries_no_key() -> None:
    key = Key.from_secret("dir", bytes(32), "k")
    head, _, rest = jwe.encrypt(b"x", key, enc="A256GCM", typ="t").partition("..")
    with pytest.raises(Malformed):
        decrypted(f"{head}.AAAA.{rest}", key, "dir")


EPK: dict[str, Callable[[dict[str, Any]], object]] = {
    "is absent": lambda header: header.pop("epk"),
    "is of another curve": lambda header: header.update(epk=Key.generate("ES384").to_jwk()),
    "is of another kind": lambda header: header.update(epk=Key.generate("Ed25519").to_jwk()),
    "says another kty": lambda header: header["epk"].update(kty="OKP"),
    "is off the curve": lambda header: header["epk"].update(y=header["epk"]["x"]),
    "is short": lambda header: header["epk"].update(x="AAAA"),
    "lacks y": lambda header: header["epk"].pop("y"),
}


@pytest.mark.parametrize("change", EPK.values(), ids=EPK)
def test_an_ephemeral_key_that_is_not_one_is_malformed(change: Callable[[dict[str, Any]], object]) -> None:
    key = Key.generate("ECDH-ES", "k", curve="P-256")
    token = jwe.encrypt(b"x", key, enc="A128GCM", typ="t")
    with pytest.raises(Malformed):
        decrypted(rewritten(token, change), key, "ECDH-ES")


@pytest.mark.parametrize(("curve", "size"), [("X25519", 32), ("X448", 56)])
def test_an_agreed_secret_of_zeros_is_refused(curve: str, size: int) -> None:
    key = Key.generate("ECDH-ES", "k", curve=curve)
    token = jwe.encrypt(b"x", key, enc="A128GCM", typ="t")
    with pytest.raises(DecryptionFailed):
        decrypted(
            rewritten(token, lambda header: header["epk"].update(x=b64.encode(bytes(size)))), key, "ECDH-ES"
        )


def test_a_private_half_in_the_ephemeral_key_is_not_looked_at() -> None:
    key = Key.generate("ECDH-ES", "k", curve="P-256")
    token = jwe.encrypt(b"x", key, enc="A128GCM", typ="t")
    with pytest.raises(DecryptionFailed):  # the header is what the tag is over
        decrypted(rewritten(token, lambda header: header["epk"].update(d="nonsense")), key, "ECDH-ES")


GCM_KW: dict[str, Callable[[dict[str, Any]], object]] = {
    "iv is absent": lambda header: header.pop("iv"),
    "tag is absent": lambda header: header.pop("tag"),
    "iv is not base64url": lambda header: header.update(iv="="),
    "iv is short": lambda header: header.update(iv="AAAA"),
    "tag is short": lambda header: header.update(tag="AAAA"),
    "tag is another": lambda header: header.update(tag=b64.encode(bytes(16))),
}


@pytest.mark.parametrize("change", GCM_KW.values(), ids=GCM_KW)
def test_aes_gcm_key_wrapping_needs_its_parameters(change: Callable[[dict[str, Any]], object]) -> None:
    key = Key.generate("A128GCMKW", "k")
    token = rewritten(jwe.encrypt(b"x", key, enc="A128GCM", typ="t"), change)
    with pytest.raises((Malformed, DecryptionFailed)):
        decrypted(token, key, "A128GCMKW")


PASSWORD = Key.from_secret("PBES2-HS256+A128KW", b"a long password")
PBES2: dict[str, Callable[[dict[str, Any]], object]] = {
    "no count": lambda header: header.pop("p2c"),
    "a count below 1,000": lambda header: header.update(p2c=999),
    "a count as a bomb": lambda header: header.update(p2c=1_200_001),
    "a count beyond 64 bits": lambda header: header.update(p2c=10**30),
    "no salt": lambda header: header.pop("p2s"),
    "a short salt": lambda header: header.update(p2s=b64.encode(bytes(7))),
}


@pytest.mark.parametrize("change", PBES2.values(), ids=PBES2)
def test_a_password_is_stretched_within_bounds(change: Callable[[dict[str, Any]], object]) -> None:
    token = jwe.encrypt(b"x", PASSWORD, enc="A128GCM", typ="t")
    with pytest.raises(Malformed):
        decrypted(rewritten(token, change), PASSWORD, PASSWORD.alg)


def test_a_padding_that_only_the_key_owner_can_make_wrong_is_refused_too() -> None:
    enc = ENCRYPTIONS["A128CBC-HS256"]
    secret = bytes(32)
    key = Key.from_secret("dir", secret, "k")
    head = jwe.encrypt(b"x", key, enc=enc.name, typ="t").partition(".")[0]
    from cryptography.hazmat.primitives import hashes, hmac
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(secret[16:]), modes.CBC(bytes(16))).encryptor()
    ciphertext = encryptor.update(bytes(16)) + encryptor.finalize()  # a last block of zeros is no padding
    mac = hmac.HMAC(secret[:16], hashes.SHA256())
    mac.update(head.encode() + bytes(16) + ciphertext + (len(head) * 8).to_bytes(8, "big"))
    tag = mac.finalize()[:16]
    token = ".".join([head, "", *map(b64.encode, (bytes(16), ciphertext, tag))])
    with pytest.raises(DecryptionFailed):
        decrypted(token, key, "dir")


def test_every_token_has_a_nonce_and_a_key_of_its_own() -> None:
    tokens = {jwe.encrypt(b"x", KEY, enc="A128GCM", typ="t") for _ in range(20)}
    assert (
        len({token.split(".")[2] for token in tokens}) == len({token.split(".")[1] for token in tokens}) == 20
    )


def test_entropy_is_what_the_caller_gives() -> None:
    def entropy(size: int) -> bytes:
        return b"\x07" * size

    token = jwe.encrypt(b"x", KEY, enc="A128GCM", typ="t", entropy=entropy)
    assert token == jwe.encrypt(b"x", KEY, enc="A128GCM", typ="t", entropy=entropy)
    assert b64.decode(token.split(".")[2]) == b"\x07" * 12


def test_headers_that_change_with_each_token_are_not_remembered() -> None:
    for alg, remembered in (("A256KW", 1), ("A256GCMKW", 0), ("ECDH-ES", 0), ("dir", 1)):
        key = Key.generate(alg, "k")
        for _ in range(3):
            decrypted(jwe.encrypt(b"x", key, enc="A256GCM", typ="t"), key, alg)
        assert len(key._seen) == remembered


def test_nothing_of_a_forged_token_is_remembered() -> None:
    key = Key.generate("A256KW", "k")
    with pytest.raises(JoseError):
        decrypted(TOKEN, key, "A256KW")
    assert not key._seen
