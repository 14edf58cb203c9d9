"""Attacks on encrypted tokens: lengths, compression, confusion, and what an oracle would tell."""

import json
from base64 import urlsafe_b64decode
from functools import partial

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from tests.attacks.forgery import (
    ES256,
    NOW,
    Attack,
    b64,
    forge,
    pair_of_tests,
    policy,
)
from tests.attacks.sealing import (
    CEK,
    DIRECT,
    ENCS,
    KEK,
    KW,
    OAEP,
    PLAIN,
    PUBLIC,
    SECRETS,
    by,
    by_secret,
    changed,
    direct,
    open_,
    seal,
    wrapped,
)

from gatepass.jose import (
    AlgorithmNotAllowed,
    CriticalHeader,
    DecryptionFailed,
    JoseError,
    Key,
    KeyInvalid,
    Malformed,
    TooLong,
    jwe,
    jwt,
)

BOMB = [
    by_secret("§3.6", f"RFC 8725 §3.6: zip {value!r}", CriticalHeader, partial(direct, zip=value))
    for value in ("DEF", "def", "", "GZ")
] + [
    by_secret(
        "bis-decompression",
        "CVE-2024-28102: zip DEF is refused before anything is decrypted",
        CriticalHeader,
        lambda: direct(zip="DEF"),
    ),
    by_secret(
        "crit", "RFC 7516 §4.1.13: crit in an encrypted token", CriticalHeader, lambda: direct(crit=["exp"])
    ),
    by_secret("crit", "RFC 7516 §4.1.13: crit that is empty", CriticalHeader, lambda: direct(crit=[])),
]


def decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def cut(size: int, segment: str) -> str:
    """Keep the first bytes of a segment."""
    return b64(decoded(segment)[:size])


def longer(segment: str) -> str:
    return b64(decoded(segment) + b"\0")


NAMES = ("header", "encrypted key", "IV", "ciphertext", "tag")
LENGTHS = (
    [
        by_secret(
            "jwe",
            f"RFC 7518 §5.3: a tag of {size} bytes",
            DecryptionFailed,
            partial(changed, 4, partial(cut, size)),
        )
        for size in (0, 1, 4, 8, 12, 15)
    ]
    + [
        by_secret(
            "jwe",
            f"RFC 7518 §5.3: an IV of {size} bytes",
            DecryptionFailed,
            partial(changed, 2, partial(cut, size)),
        )
        for size in (0, 1, 8, 11)
    ]
    + [
        by_secret(
            "jwe",
            f"RFC 7518 §5.3: a byte after the {NAMES[position]}",
            DecryptionFailed,
            partial(changed, position, longer),
        )
        for position in (2, 3, 4)
    ]
    + [
        by_secret(
            "jwe",
            "RFC 7518 §5.3: an IV of 16 bytes that GCM itself would take",
            DecryptionFailed,
            lambda: ".".join(seal({"alg": "dir", "enc": "A128GCM"}, iv=bytes(16))),
        ),
        by_secret(
            "jwe",
            "RFC 7516 §5.2: an encrypted key where dir has none",
            Malformed,
            lambda: changed(1, lambda _: b64(CEK)),
        ),
        by(
            "jwe",
            "RFC 7516 §5.2: no encrypted key where A128KW has one",
            Malformed,
            lambda: changed(1, lambda _: "", wrapped),
            wrapped,
            KW,
            SECRETS,
        ),
        by_secret("jwe", "RFC 7516 §5.2: no ciphertext", DecryptionFailed, lambda: changed(3, lambda _: "")),
        by_secret("jwe", "RFC 7516 §7.1: four segments", Malformed, lambda: direct().rpartition(".")[0]),
        by_secret("jwe", "RFC 7516 §7.1: six segments", Malformed, lambda: direct() + "."),
        by_secret(
            "jwe",
            "RFC 7516 §7.2: JSON serialization",
            Malformed,
            lambda: json.dumps(
                dict(
                    zip(
                        ("protected", "encrypted_key", "iv", "ciphertext", "tag"),
                        direct().split("."),
                        strict=True,
                    )
                )
            ),
        ),
        by_secret(
            "size", "CVE-2025-61920: an encrypted token of 4 MB", TooLong, lambda: direct(x="x" * 4_000_000)
        ),
        by_secret(
            "jwe",
            "a header that is another token's",
            DecryptionFailed,
            lambda: changed(0, lambda _: direct(x=1).split(".")[0]),
        ),
    ]
    + [
        by_secret(
            "base64",
            f"RFC 7515 §2: {name} in the {NAMES[position]} of an encrypted token",
            JoseError,
            partial(changed, position, change),
        )
        for position in (0, 2, 3, 4)
        for name, change in (
            ("padding", lambda segment: segment + "="),
            ("two signs of padding", lambda segment: segment + "=="),
            ("a line feed", lambda segment: segment + "\n"),
            ("a space", lambda segment: " " + segment),
            ("a plus sign", lambda segment: "+" + segment[1:]),
            ("a look-alike", lambda segment: "\u0410" + segment[1:]),
        )
    ]
)

CONFUSIONS = [
    Attack(
        "§3.1",
        f"RFC 8725 §3.1: {what}",
        refused,
        partial(open_, *bad),
        partial(open_, *good),
    )
    for what, refused, bad, good in (
        (
            "dir where the key is for A128KW",
            AlgorithmNotAllowed,
            (".".join(seal({"alg": "dir", "enc": "A128GCM"}, KEK)), KW, SECRETS),
            (wrapped(), KW, SECRETS),
        ),
        (
            "A128KW where the key is for dir",
            AlgorithmNotAllowed,
            (
                ".".join(seal({"alg": "A128KW", "enc": "A128GCM"}, carried=aes_key_wrap(CEK, CEK))),
                DIRECT,
                SECRETS,
            ),
            (direct(), DIRECT, SECRETS),
        ),
        (
            "the alg is not in the list",
            AlgorithmNotAllowed,
            (wrapped(), KW, SECRETS - {"A128KW"}),
            (wrapped(), KW, frozenset({"A128KW"})),
        ),
        (
            "the enc is not in the list",
            AlgorithmNotAllowed,
            (wrapped(), KW, SECRETS, ENCS - {"A128GCM"}),
            (wrapped(), KW, SECRETS, frozenset({"A128GCM"})),
        ),
        (
            "alg in lower case",
            AlgorithmNotAllowed,
            (wrapped(alg="a128kw"), KW, SECRETS),
            (wrapped(), KW, SECRETS),
        ),
        (
            "enc in lower case",
            AlgorithmNotAllowed,
            (wrapped(enc="a128gcm"), KW, SECRETS),
            (wrapped(), KW, SECRETS),
        ),
        (
            "no enc",
            AlgorithmNotAllowed,
            (".".join(seal({"alg": "dir"})), DIRECT, SECRETS),
            (direct(), DIRECT, SECRETS),
        ),
        ("enc is a list", JoseError, (wrapped(enc=["A128GCM"]), KW, SECRETS), (wrapped(), KW, SECRETS)),
        ("alg none", AlgorithmNotAllowed, (direct(alg="none"), DIRECT, SECRETS), (direct(), DIRECT, SECRETS)),
        ("alg RSA1_5", AlgorithmNotAllowed, (wrapped(alg="RSA1_5"), OAEP, PUBLIC), (wrapped(), KW, SECRETS)),
        ("enc none", AlgorithmNotAllowed, (direct(enc="none"), DIRECT, SECRETS), (direct(), DIRECT, SECRETS)),
        (
            "a dir key of 16 bytes for A256GCM",
            JoseError,
            (direct(enc="A256GCM"), DIRECT, SECRETS),
            (direct(), DIRECT, SECRETS),
        ),
        (
            "a kid that is not the key's",
            JoseError,
            (wrapped(kid="other"), KW, SECRETS),
            (wrapped(kid="kw"), KW, SECRETS),
        ),
    )
] + [
    Attack(
        "§3.1",
        "RFC 8725 §3.1: a list of secrets and public keys",
        ValueError,
        lambda: open_(wrapped(), KW, SECRETS | PUBLIC),
        lambda: open_(wrapped(), KW, SECRETS),
    ),
    Attack(
        "§3.2",
        "RFC 8725 §3.2: a list that names RSA1_5",
        ValueError,
        lambda: open_(wrapped(), KW, frozenset({"RSA1_5"})),
        lambda: open_(wrapped(), KW, frozenset({"A128KW"})),
    ),
    Attack(
        "§3.1",
        "RFC 8725 §3.1: an empty list of encryptions",
        ValueError,
        lambda: open_(wrapped(), KW, SECRETS, frozenset()),
        lambda: open_(wrapped(), KW, SECRETS, ENCS),
    ),
    Attack(
        "§3.1",
        "a public key decrypts nothing",
        KeyInvalid,
        lambda: open_(jwe.encrypt(PLAIN, OAEP.public(), enc="A128GCM", typ=None), OAEP.public(), PUBLIC),
        lambda: open_(jwe.encrypt(PLAIN, OAEP.public(), enc="A128GCM", typ=None), OAEP, PUBLIC),
    ),
    Attack(
        "§3.1",
        "an encrypted token where a signed one is expected",
        Malformed,
        lambda: jwt.verify(direct(), ES256, policy(), now=NOW),
        lambda: jwt.verify(forge(), ES256, policy(), now=NOW),
    ),
    Attack(
        "§3.1",
        "a signed token where an encrypted one is expected",
        Malformed,
        lambda: open_(forge(), KW, SECRETS),
        lambda: open_(wrapped(), KW, SECRETS),
    ),
]

CBC = Key.from_secret("dir", bytes(range(32)), kid="cbc")


def cbc(shift: int) -> str:
    """Move bytes between IV and ciphertext: the MAC is over both, one after the other, and stays right."""
    head, carried, iv, ciphertext, tag = jwe.encrypt(PLAIN, CBC, enc="A128CBC-HS256", typ=None).split(".")
    both = decoded(iv) + decoded(ciphertext)
    return ".".join((head, carried, b64(both[: 16 + shift]), b64(both[16 + shift :]), tag))


def gcm(shift: int) -> str:
    """Move bytes between ciphertext and tag: joined they are what GCM is given."""
    head, carried, iv, ciphertext, tag = direct().split(".")
    both = decoded(ciphertext) + decoded(tag)
    end = len(both) - 16 + shift
    return ".".join((head, carried, iv, b64(both[:end]), b64(both[end:])))


MOVED = [
    Attack(
        "jwe",
        f"RFC 7518 §5.3: {abs(shift)} bytes moved from the {source}",
        DecryptionFailed,
        partial(lambda shift: open_(gcm(shift), DIRECT, SECRETS), shift),
        lambda: open_(gcm(0), DIRECT, SECRETS),
    )
    for shift, source in (
        (-14, "ciphertext to the tag"),
        (-1, "ciphertext to the tag"),
        (1, "tag to the ciphertext"),
        (16, "tag to the ciphertext"),
    )
] + [
    Attack(
        "jwe",
        f"RFC 7518 §5.2.2.2: {abs(shift)} bytes moved from the {source}, under the same MAC",
        DecryptionFailed,
        partial(lambda shift: open_(cbc(shift), CBC, SECRETS), shift),
        lambda: open_(cbc(0), CBC, SECRETS),
    )
    for shift, source in (
        (-16, "IV to the ciphertext"),
        (-1, "IV to the ciphertext"),
        (1, "ciphertext to the IV"),
        (16, "ciphertext to the IV"),
    )
]

ATTACKS = [*BOMB, *LENGTHS, *CONFUSIONS, *MOVED]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


def oaep(cek: bytes, digest: hashes.HashAlgorithm) -> bytes:
    public = OAEP._material.public
    sealed: bytes = public.encrypt(cek, padding.OAEP(padding.MGF1(digest), digest, None))
    return sealed


ORACLES: dict[str, tuple[Key, frozenset[str], str, list[bytes]]] = {
    "A128KW": (
        KW,
        SECRETS,
        "A128KW",
        [
            aes_key_wrap(KEK, b"another sixteen."),
            b"\0" * 24,
            b"x" * 23,
            b"x" * 8,
            aes_key_wrap(KEK, bytes(32)),
            b"x" * 4_000,
        ],
    ),
    "RSA-OAEP-256": (
        OAEP,
        PUBLIC,
        "RSA-OAEP-256",
        [
            oaep(
                b"another sixteen.", hashes.SHA256()
            ),  # opens, to a key of the right size that is not the right one
            oaep(b"short", hashes.SHA256()),  # opens, to a key of the wrong size
            oaep(CEK, hashes.SHA1()),  # noqa: S303 - padded for RSA-OAEP, which is another algorithm
            bytes(256),
            b"\xff" * 256,
            b"x" * 255,
            b"x",
        ],
    ),
}


@pytest.mark.parametrize("name", ORACLES)
def test_every_failure_to_unwrap_looks_like_a_wrong_tag(name: str) -> None:
    """RFC 7516 §11.5: type, code and message of the error are the same, whatever went wrong."""
    key, algorithms, alg, carried = ORACLES[name]
    told = set()
    for encrypted in carried:
        token = ".".join(seal({"alg": alg, "enc": "A128GCM"}, carried=encrypted))
        with pytest.raises(DecryptionFailed) as caught:
            open_(token, key, algorithms)
        assert caught.value.__cause__ is None
        told.add((type(caught.value), caught.value.code, str(caught.value)))
    assert len(told) == 1


@pytest.mark.parametrize("name", ORACLES)
def test_every_failure_to_unwrap_goes_on_with_a_key_that_opens_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that it lasts as long as a wrong tag does; a spy instead of a clock."""
    key, algorithms, alg, carried = ORACLES[name]
    drawn: list[int] = []

    def draw(size: int) -> bytes:
        drawn.append(size)
        return bytes(size)

    monkeypatch.setattr("gatepass.jose.jwe.urandom", draw)
    for encrypted in carried[1:]:
        with pytest.raises(DecryptionFailed):
            open_(".".join(seal({"alg": alg, "enc": "A128GCM"}, carried=encrypted)), key, algorithms)
    assert drawn == [16] * len(carried[1:])


def test_a_padding_error_of_cbc_looks_like_a_wrong_tag() -> None:
    """Vaudenay's oracle: the padding is not looked at before the tag is right."""
    key = Key.generate("A256KW")
    good = jwe.encrypt(PLAIN, key, enc="A128CBC-HS256", typ=None).split(".")
    told = set()
    for position in (2, 3, 4):
        for first in "A_":
            bad = [*good]
            bad[position] = first + bad[position][1:]
            if bad == good:
                continue
            with pytest.raises(DecryptionFailed) as caught:
                open_(".".join(bad), key, SECRETS)
            told.add(str(caught.value))
    assert len(told) == 1
