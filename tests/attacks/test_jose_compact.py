"""Attacks on the compact form: other serializations, other spellings of base64url, other sizes."""

import json
from collections.abc import Callable
from functools import partial

import pytest
from tests.attacks.forgery import (
    Attack,
    b64,
    claims,
    es256,
    forge,
    header,
    pair_of_tests,
    text,
    token,
    without,
)

from gatepass.jose import (
    JoseError,
    Malformed,
    TooLong,
    jwt,
)


def serialized(**changes: object) -> str:
    head, body, signature = forge().split(".")
    return json.dumps({"payload": body, "protected": head, "signature": signature} | changes)


def general(signatures: object) -> str:
    return json.dumps({"payload": forge().split(".")[1], "signatures": signatures})


JSON_SERIALIZATION = [
    token("json-serialization", f"{source}: {what}", Malformed, forged)
    for source, what, forged in (
        ("CVE-2026-96760", "flattened", serialized),
        (
            "CVE-2026-96760",
            "flattened, no signature",
            lambda: json.dumps(without(json.loads(serialized()), "signature")),
        ),
        ("CVE-2026-96760", "flattened, empty signature", lambda: serialized(signature="")),
        ("CVE-2026-102946", "general, an empty list of signatures", lambda: general([])),
        ("CVE-2026-102946", "general, no list of signatures", lambda: general(None)),
        (
            "RFC 7515 §7.2.1",
            "general, one good signature",
            lambda: general([{"protected": forge().split(".")[0], "signature": forge().split(".")[2]}]),
        ),
        ("RFC 7515 §7.2.1", "an empty object", lambda: "{}"),
    )
]


def at(position: int, change: Callable[[str], str]) -> Callable[[], str]:
    """Give a good token with one of its segments changed."""

    def changed() -> str:
        segments = forge().split(".")
        segments[position] = change(segments[position])
        return ".".join(segments)

    return changed


def resigned(position: int, change: Callable[[str], str]) -> Callable[[], str]:
    """Give a token whose changed segment is covered by a good signature."""

    def changed() -> str:
        segments = forge().split(".")[:2]
        segments[position] = change(segments[position])
        message = ".".join(segments)
        return message + "." + b64(es256(message.encode()))

    return changed


def spare_bit(segment: str) -> str:
    """Set a bit that the last character does not use; a segment that uses them all gets a character more."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(segment) % 4 == 0:
        return segment + "A"
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]


CHANGES: dict[str, Callable[[str], str]] = {
    "padding": lambda segment: segment + "=" * (-len(segment) % 4 or 4),
    "two signs of padding": lambda segment: segment + "==",
    "spare bits": spare_bit,
    "a space before": lambda segment: " " + segment,
    "a space after": lambda segment: segment + " ",
    "a space within": lambda segment: segment[:4] + " " + segment[4:],
    "a line feed": lambda segment: segment + "\n",
    "CRLF within": lambda segment: segment[:4] + "\r\n" + segment[4:],
    "a tab": lambda segment: segment[:8] + "\t" + segment[8:],
    "NUL": lambda segment: segment + "\0",
    "the standard alphabet": lambda segment: segment[:-4] + "+/+/",
    "an odd character that decoders skip": lambda segment: segment[:4] + "!" + segment[4:],
    "a percent sign": lambda segment: segment[:4] + "%3D" + segment[4:],
    "a zero-width space": lambda segment: segment[:4] + "\u200b" + segment[4:],
    "a full-width letter": lambda segment: chr(ord(segment[0]) - 0x21 + 0xFF01) + segment[1:],
    "a lone surrogate": lambda segment: "\ud800" + segment[1:],
    "an accent": lambda segment: segment + "\u0301",
    # Four of them, so that the length still fits: 20 characters more.
    "JSON escapes": lambda segment: "".join(f"\\u{ord(char):04x}" for char in segment[:4]) + segment[4:],
    "a quote": lambda segment: segment[:4] + '"' + segment[4:],
    "one character too many": lambda segment: segment + "A" * ((1 - len(segment)) % 4 or 4),
}
SEGMENTS = ("header", "payload", "signature")

BASE64 = (
    [
        token(
            "base64", f"CVE-2026-102269: {name} in the {SEGMENTS[position]}", JoseError, at(position, change)
        )
        for name, change in CHANGES.items()
        for position in range(3)
    ]
    + [
        token(
            "base64",
            f"CVE-2026-102269: {name} in the {SEGMENTS[position]}, signed as it stands",
            JoseError,
            resigned(position, change),
        )
        for name, change in CHANGES.items()
        for position in range(2)
        if "surrogate" not in name  # which has no bytes to sign
    ]
    + [
        token("base64", f"CVE-2026-102269: {name}", JoseError, forged)
        for name, forged in {
            "token + '=='": lambda: forge() + "==",
            "a dot after it": lambda: forge() + ".",
            "a dot before it": lambda: "." + forge(),
            "a fourth segment": lambda: forge() + ".AAAA",
            "a second dot": lambda: forge().replace(".", "..", 1),
            "an empty header": lambda: "." + forge().partition(".")[2],
            "an empty payload": lambda: forge(claims=b""),
            "a line feed after it": lambda: forge() + "\n",
            "a space before it": lambda: " " + forge(),
            "a BOM before it": lambda: "\ufeff" + forge(),
            "Bearer before it": lambda: "Bearer " + forge(),
            "quotes around it": lambda: f'"{forge()}"',
            "nothing at all": lambda: "",
            "two dots": lambda: "..",
            "one dot": lambda: ".",
            "full-width dots": lambda: forge().replace(".", "\uff0e"),
        }.items()
    ]
)


def insert(character: str, segment: str) -> str:
    return segment[:8] + character + segment[8:]


def standard(segment: str) -> str:
    """Spell the same bytes in the other alphabet; some of its letters must differ."""
    assert "-" in segment or "_" in segment
    return segment.replace("-", "+").replace("_", "/")


def telling(position: int) -> str:
    """Write a token whose header or payload says the same in both alphabets, signed in the other one."""
    name = "~~~???>>>\u00bf\u00bf"
    segments = [b64(text(header(note=name))), b64(text(claims(name=name)))]
    segments[position] = standard(segments[position])
    message = ".".join(segments)
    return message + "." + b64(es256(message.encode()))


ALPHABET = [
    token(
        "bis-alphabet",
        f"RFC 8725bis: the {SEGMENTS[position]} in the alphabet with + and /, signed as it stands",
        JoseError,
        partial(telling, position),
    )
    for position in (0, 1)
] + [
    token(
        "bis-alphabet",
        f"RFC 8725bis: {character!r} is not skipped in the {SEGMENTS[position]}",
        JoseError,
        at(position, partial(insert, character)),
    )
    for character in ("\r\n", " ", "\x0b", "=", "*", "\x7f", "\u00a0", "\u2028")
    for position in range(3)
]

BIG = 4_000_000
BIG_TOKENS: dict[str, Callable[[], str]] = {
    "a header of 4 MB": lambda: forge(header(kid="k" * BIG)),
    "a header of 4 MB of no base64url": lambda: "!" * BIG + ".e30.AA",
    "a payload of 4 MB": lambda: forge(claims=claims(sub="s" * BIG)),
    "a signature of 4 MB": lambda: forge(sign=lambda message: bytes(BIG)),
    "4 million dots": lambda: "." * BIG,
    "4 million spaces": lambda: forge() + " " * BIG,
    "4 million Cyrillic letters": lambda: "\u0415" * BIG,
}
SIZE = [token("size", f"CVE-2025-61920: {name}", TooLong, forged) for name, forged in BIG_TOKENS.items()]

ATTACKS = [*JSON_SERIALIZATION, *BASE64, *ALPHABET, *SIZE]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


@pytest.mark.parametrize("attack", SIZE, ids=str)
def test_a_token_too_long_is_refused_before_anything_is_decoded(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spy instead of a clock: neither base64url nor JSON is touched."""

    def decoded(*args: object) -> None:
        raise AssertionError("something was decoded")

    monkeypatch.setattr("gatepass.jose.b64.decode", decoded)
    monkeypatch.setattr("gatepass.jose.strict_json.decode_object", decoded)
    with pytest.raises(TooLong):
        attack.attack()
    with pytest.raises(AssertionError, match="something was decoded"):  # the spy sees what is decoded
        attack.twin()


@pytest.mark.parametrize("forged", BIG_TOKENS.values(), ids=BIG_TOKENS)
def test_peek_too_refuses_a_token_too_long(forged: Callable[[], str]) -> None:
    with pytest.raises(TooLong):
        jwt.peek(forged())
