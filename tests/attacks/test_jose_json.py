"""Attacks on the JSON of header and claims: duplicates, other encodings, texts that exhaust the reader."""

from functools import partial

from tests.attacks.forgery import (
    CLAIMS,
    ES256,
    NOW,
    Attack,
    claims,
    forge,
    header,
    pair_of_tests,
    policy,
    text,
    token,
    verify,
)

from gatepass.jose import JoseError, Key, KeySet, Malformed, jwt


def and_also(members: bytes) -> bytes:
    """Give the usual claims with some more, spelt by hand."""
    return text(CLAIMS)[:-1] + b"," + members + b"}"


def first_of_all(members: bytes) -> bytes:
    return b"{" + members + b"," + text(CLAIMS)[1:]


SIGNER = Key.generate("ES256", kid="signer")

CLAIM_TEXTS: dict[str, bytes] = {
    "sub twice": and_also(b'"sub":"admin"'),
    "sub twice, the same": and_also(b'"sub":"ada"'),
    "sub twice, the other first": first_of_all(b'"sub":"admin"'),
    "sub again, escaped": and_also(b'"\\u0073ub":"admin"'),
    "sub again, all of it escaped": and_also(b'"\\u0073\\u0075\\u0062":"admin"'),
    "an escaped sub twice": and_also(b'"\\u0073ub":1,"s\\u0075b":2'),
    "exp twice": and_also(b'"exp":9999999999'),
    "aud twice": and_also(b'"aud":"clinic"'),
    "an empty name twice": and_also(b'"":1,"":2'),
    "a name of NUL twice": and_also(b'"\\u0000":1,"\\u0000":2'),
    "an emoji twice, once escaped": and_also('"\U0001f511":1,"\\ud83d\\udd11":2'.encode()),
    "a slash twice, once escaped": and_also(b'"a/b":1,"a\\/b":2'),
    "at depth 2": and_also(b'"x":{"a":1,"a":2}'),
    "at depth 3": and_also(b'"x":{"y":{"a":1,"a":2}}'),
    "in an object in an array": and_also(b'"x":[{"a":1},{"a":1,"a":2}]'),
    "at depth 2, escaped": and_also(b'"x":{"a":1,"\\u0061":2}'),
    "hidden behind colons in strings": and_also(b'"x":":::","y":{"a":":","a":"::"}'),
    "hidden behind a quote in a string": and_also(b'"x":"\\":","y":{"a":1,"a":2}'),
    "hidden behind a backslash": and_also(b'"x":"\\\\","y":{"a":1,"a":2}'),
    "with white space": and_also(b' "sub" : "admin" '),
    "fifty times": and_also(b",".join([b'"x":1'] * 50)),
}
DUPLICATES = (
    [
        token("duplicates", f"RFC 7493 §2.3: in the claims, {name}", Malformed, partial(forge, claims=spelt))
        for name, spelt in CLAIM_TEXTS.items()
    ]
    + [
        token("duplicates", f"RFC 7515 §4: in the header, {name}", Malformed, partial(forge, spelt))
        for name, spelt in {
            "alg twice": b'{"alg":"ES256","typ":"at+jwt","alg":"none"}',
            "alg twice, none first": b'{"alg":"none","typ":"at+jwt","alg":"ES256"}',
            "alg twice, the same": b'{"alg":"ES256","typ":"at+jwt","alg":"ES256"}',
            "alg again, escaped": b'{"alg":"ES256","typ":"at+jwt","\\u0061lg":"none"}',
            "typ twice": b'{"alg":"ES256","typ":"JWT","typ":"at+jwt"}',
            "kid twice": b'{"alg":"ES256","typ":"at+jwt","kid":"x","kid":"ec"}',
            "crit hidden by a second one": b'{"alg":"ES256","typ":"at+jwt","crit":["x"],"crit":[]}',
            "in a jwk": b'{"alg":"ES256","typ":"at+jwt","jwk":{"kty":"EC","kty":"oct"}}',
        }.items()
    ]
    + [
        Attack(
            "duplicates",
            "RFC 7517 §4: in a JWK Set, n twice",
            Malformed,
            lambda: KeySet.from_jwks(b'{"keys":[{"kty":"oct","k":"AAAA","k":"BBBB"}]}'),
            lambda: KeySet.from_jwks(b'{"keys":[{"kty":"oct","k":"AAAA"}]}'),
        ),
        Attack(
            "duplicates",
            "RFC 7517 §5: in a JWK Set, keys twice",
            Malformed,
            lambda: KeySet.from_jwks(b'{"keys":[],"keys":[]}'),
            lambda: KeySet.from_jwks(b'{"keys":[]}'),
        ),
        Attack(
            "duplicates",
            "RFC 7493 §2.3: peek shows no token with sub twice",
            Malformed,
            lambda: jwt.peek(forge(claims=CLAIM_TEXTS["sub twice"])),
            lambda: jwt.peek(forge()),
        ),
        Attack(
            "duplicates",
            "we do not write what we would refuse: the names 1 and '1'",
            JoseError,
            lambda: verify(jwt.sign({**CLAIMS, "x": {1: "a", "1": "b"}}, SIGNER, typ="at+jwt"), SIGNER),
            lambda: verify(jwt.sign({**CLAIMS, "x": {"1": "b"}}, SIGNER, typ="at+jwt"), SIGNER),
        ),
    ]
)
UTF8 = [
    token("§3.7", f"RFC 8725 §3.7: claims in {name}", Malformed, partial(forge, claims=spelt))
    for name, spelt in {
        "UTF-16": text(CLAIMS).decode().encode("utf-16"),
        "UTF-16, big-endian": text(CLAIMS).decode().encode("utf-16-be"),
        "UTF-16, little-endian": text(CLAIMS).decode().encode("utf-16-le"),
        "UTF-32": text(CLAIMS).decode().encode("utf-32"),
        "UTF-8 with a BOM": b"\xef\xbb\xbf" + text(CLAIMS),
        "Latin-1": and_also(b'"name":"Ren\xe9"'),
        "UTF-7": and_also(b"+ACI-x+ACI-:1"),
        "overlong UTF-8": and_also(b'"name":"\xc0\xaf"'),
        "overlong NUL": and_also(b'"name":"\xc0\x80"'),
        "CESU-8": and_also(b'"name":"\xed\xa0\xbd\xed\xb4\x91"'),
        "UTF-8 that is cut off": and_also(b'"name":"\xf0\x9f"'),
        "UTF-8 past U+10FFFF": and_also(b'"name":"\xf5\x80\x80\x80"'),
        "a lone continuation": and_also(b'"name":"\x80"'),
        "an escaped lone surrogate": and_also(b'"name":"\\ud800"'),
        "an escaped lone low surrogate": and_also(b'"name":"\\udc00"'),
        "escaped surrogates in the wrong order": and_also(b'"name":"\\udd11\\ud83d"'),
        "an escaped surrogate and a letter": and_also(b'"name":"\\ud83dA"'),
        "a bare control character": and_also(b'"name":"a\nb"'),
        "a bare NUL": and_also(b'"name":"a\x00b"'),
    }.items()
] + [
    token(
        "§3.7",
        f"RFC 8725 §3.7: a header in {name}",
        Malformed,
        partial(forge, spelt),
        partial(forge, header(note="René \U0001f511")),
    )
    for name, spelt in {
        "UTF-16": text(header()).decode().encode("utf-16"),
        "UTF-8 with a BOM": b"\xef\xbb\xbf" + text(header()),
        "Latin-1": b'{"alg":"ES256","typ":"at+jwt","note":"Ren\xe9"}',
        "lone surrogates": b'{"alg":"ES256","typ":"at+jwt","note":"\\ud800"}',
    }.items()
]


def nested(depth: int, left: bytes = b"[", right: bytes = b"]", within: bytes = b"") -> bytes:
    return and_also(b'"x":' + left * depth + within + right * depth)


EXHAUSTION = (
    [
        token(
            "json",
            f"CWE-674: {name}",
            Malformed,
            partial(forge, claims=spelt),
            partial(forge, claims=nested(20)),
        )
        for name, spelt in {
            "100 arrays deep": nested(100),
            "1,000 arrays deep": nested(1_000),
            "5,000 arrays deep": nested(5_000),
            "5,000 arrays deep, never closed": nested(5_000, right=b""),
            "1,000 objects deep": nested(1_000, b'{"a":', b"}", b"1"),
            "arrays and objects in turn": nested(500, b'[{"a":', b"}]", b"1"),
        }.items()
    ]
    + [
        token(
            "json",
            f"CWE-400: {name}",
            Malformed,
            partial(forge, claims=and_also(b'"x":' + spelt)),
            partial(forge, claims=and_also(b'"x":18446744073709551615')),
        )
        for name, spelt in {
            "an integer of 65 bits": b"18446744073709551616",
            "an integer of 4,300 digits": b"9" * 4_300,
            "an integer of 10,000 digits": b"9" * 10_000,
            "a negative integer of 4,301 digits": b"-" + b"9" * 4_301,
            "an integer of 65 bits in an array": b"[[18446744073709551616]]",
            "a float past 1e308": b"1e309",
            "an exponent of 1,000 digits": b"1e" + b"9" * 1_000,
            "NaN": b"NaN",
            "Infinity in an array": b"[1,Infinity]",
        }.items()
    ]
    + [
        token(
            "json",
            "CWE-674: a header of 3,000 arrays",
            Malformed,
            partial(forge, b'{"alg":"ES256","typ":' + b"[" * 3_000),
        ),
        Attack(
            "json",
            "CWE-674: a JWK Set of 100,000 arrays",
            Malformed,
            lambda: KeySet.from_jwks(b'{"keys":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
            lambda: KeySet.from_jwks(b'{"keys":[[[]]]}'),
        ),
        Attack(
            "json",
            "CWE-400: a JWK Set of 5 MB",
            Malformed,
            lambda: KeySet.from_jwks(b'{"keys":[],"x":"' + b"x" * 5_000_000 + b'"}'),
            lambda: KeySet.from_jwks(b'{"keys":[],"x":"' + b"x" * 50_000 + b'"}'),
        ),
        Attack(
            "json",
            "CWE-400: a JWK Set of 10,000 keys",
            Malformed,
            lambda: KeySet.from_jwks({"keys": [{}] * 10_000}),
            lambda: KeySet.from_jwks({"keys": [{}] * 1_000}),
        ),
    ]
)

ATTACKS = [*DUPLICATES, *UTF8, *EXHAUSTION]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


def test_a_name_twice_in_different_objects_is_no_duplicate() -> None:
    spelt = and_also(b'"x":{"sub":"1","y":{"sub":":"}},"z":[{"sub":1},{"sub":2}]')
    assert jwt.verify(forge(claims=spelt), ES256, policy(), now=NOW).claims["x"] == {
        "sub": "1",
        "y": {"sub": ":"},
    }


def test_colons_quotes_and_backslashes_in_strings_are_no_members() -> None:
    awkward = {'a:"b\\': ':\\"::', "c": ["\\", ":", '"', '\\":\\"'], "\u2028": "\x7f"}
    assert verify(forge(claims=claims(x=awkward))).claims["x"] == awkward


def test_white_space_and_escapes_are_only_another_spelling() -> None:
    spelt = text(CLAIMS).replace(b",", b" ,\r\n\t").replace(b"ada", b"\\u0061d\\u0061")
    assert verify(forge(claims=spelt)).claims == CLAIMS
