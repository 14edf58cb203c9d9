"""Attacks on the claims: who, for whom, until when; their types and their extremes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.attacks.forgery import (
    ATTACKER,
    CLAIMS,
    ES256,
    NOW,
    Attack,
    claims,
    es256_of_the_attacker,
    forge,
    header,
    pair_of_tests,
    pem,
    policy,
    token,
    verify,
    without,
)

from gatepass.jose import (
    BadSignature,
    ClaimInvalid,
    ClaimMissing,
    Expired,
    JoseError,
    Key,
    KeyNotFound,
    KeySet,
    Malformed,
    NotYetValid,
    Policy,
    TooOld,
    jwt,
)

ISSUERS: dict[str, object] = {
    "a longer one": "https://auth.example.evil.example",
    "a path below it": "https://auth.example/tenant",
    "a prefix of it": "https://auth.exampl",
    "a slash after it": "https://auth.example/",
    "upper case": "https://AUTH.example",
    "another scheme": "http://auth.example",
    "the default port": "https://auth.example:443",
    "a space after it": "https://auth.example ",
    "user information": "https://auth.example@evil.example",
    "a look-alike": "https://\u0430uth.example",
    "empty": "",
    "a list that holds it": ["https://auth.example"],
    "a list that holds it twice": ["https://auth.example", "https://auth.example"],
    "an object": {"https://auth.example": 1},
    "null": None,
    "true": True,
    "zero": 0,
}
ISSUER = [
    token(
        "issuer", f"GHSA-75c5-xw7c-p5pm: iss is {name}", ClaimInvalid, partial(forge, claims=claims(iss=iss))
    )
    for name, iss in ISSUERS.items()
] + [
    token(
        "issuer", "GHSA-75c5-xw7c-p5pm: no iss", ClaimMissing, partial(forge, claims=without(CLAIMS, "iss"))
    ),
]

EVIL = Key.from_pem(pem(ATTACKER), "ES256", kid="evil")
SUBJECTS = [
    Attack(
        "§3.8",
        "RFC 8725 §3.8: another issuer's key signs with our issuer's name",
        BadSignature,
        lambda: verify(forge(sign=es256_of_the_attacker)),
        lambda: verify(forge()),
    ),
    Attack(
        "§3.8",
        "RFC 8725 §3.8: another issuer's kid, whose key is not in our issuer's set",
        KeyNotFound,
        lambda: verify(forge(header(kid="evil"), sign=es256_of_the_attacker), KeySet([ES256])),
        lambda: verify(forge(header(kid="ec")), KeySet([ES256])),
    ),
    Attack(
        "§3.8",
        "RFC 8725 §3.8: another issuer, honestly signed by its own key",
        ClaimInvalid,
        lambda: verify(forge(claims=claims(iss="https://evil.example"), sign=es256_of_the_attacker), EVIL),
        lambda: verify(
            forge(claims=claims(iss="https://evil.example"), sign=es256_of_the_attacker),
            EVIL,
            policy(issuer="https://evil.example"),
        ),
    ),
    Attack("§3.8", "RFC 8725 §3.8: a policy without issuer", ValueError, lambda: policy(issuer=""), policy),
    Attack(
        "§3.8",
        "RFC 8725 §3.8: a policy whose issuer is None",
        ValueError,
        lambda: policy(issuer=None),
        policy,
    ),
    Attack(
        "§3.8",
        "RFC 8725 §3.8: sub is missing where the policy requires it",
        ClaimMissing,
        lambda: verify(forge(claims=without(CLAIMS, "sub")), rules=policy(required=frozenset({"sub"}))),
        lambda: verify(forge(), rules=policy(required=frozenset({"sub"}))),
    ),
] + [
    token("§3.8", f"RFC 7519 §4.1.2: sub is {sub!r}", ClaimInvalid, partial(forge, claims=claims(sub=sub)))
    for sub in (None, 0, 1.5, True, ["ada"], {"ada": 1})
]

AUDIENCES: dict[str, object] = {
    "another": "pharmacy",
    "a longer one": "clinical",
    "a prefix of it": "clini",
    "upper case": "CLINIC",
    "a space after it": "clinic ",
    "a URL of it": "https://clinic",
    "empty": "",
    "an empty list": [],
    "a list of others": ["pharmacy", "lab"],
    "a list of parts": ["c", "l", "i", "n", "i", "c"],
    "a list in a list": [["clinic"]],
    "a list with a number": ["clinic", 1],
    "a list with null": [None, "clinic"],
    "a list with an object": ["clinic", {}],
    "an object": {"clinic": True},
    "null": None,
    "true": True,
    "a number": 1,
}
AUDIENCE = [
    token(
        "§3.9",
        f"RFC 8725 §3.9: aud is {name}",
        ClaimInvalid,
        partial(forge, claims=claims(aud=aud)),
        partial(forge, claims=claims(aud=["pharmacy", "clinic"])),
    )
    for name, aud in AUDIENCES.items()
] + [
    token("§3.9", "RFC 8725 §3.9: no aud", ClaimMissing, partial(forge, claims=without(CLAIMS, "aud"))),
    Attack(
        "§3.9", "RFC 8725 §3.9: a policy without audience", ValueError, lambda: policy(audience=""), policy
    ),
    Attack(
        "§3.9",
        "RFC 8725 §3.9: a policy of two audiences",
        ValueError,
        lambda: policy(audience=["a", "b"]),
        policy,
    ),
]


def raw(name: str, value: str) -> bytes:
    """Spell a claim by hand, as no encoder would."""
    rest = "".join(f',"{key}":"{text}"' for key, text in CLAIMS.items() if isinstance(text, str))
    exp = "" if name == "exp" else f',"exp":{CLAIMS["exp"]}'
    return f'{{"{name}":{value}{exp}{rest}}}'.encode()


def number(name: str, value: str, good: str, error: type[JoseError] = JoseError) -> Attack:
    return token(
        "numbers",
        f"RFC 7519 §2: {name} is {value if len(value) < 40 else f'a number of {len(value)} digits'}",
        error,
        partial(forge, claims=raw(name, value)),
        partial(forge, claims=raw(name, good)),
    )


NUMBERS = [
    number(name, value, good)
    for name, good in (("exp", "1800000600"), ("nbf", "1799999990"), ("iat", "1799999990"))
    for value in (
        *("NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400, "1" + "0" * 4400, "1e308", "-1", "-1e9"),
        *(
            "true",
            "false",
            "null",
            '"1800000600"',
            '""',
            "[1800000600]",
            "{}",
            "[]",
            "01800000600",
            "0x6b49d200",
        ),
        *("18446744073709551616", "9223372036854775808", "1800000600000000", "+1800000600", ".5", "1."),
    )
] + [
    number("exp", "1800000000.0", "1800000000.5", Expired),  # a float is a NumericDate too
    number("exp", "0", "1.8000006e9", Expired),
    number("nbf", "1800000030.5", "1800000030.0", NotYetValid),
]


def at(time: float, **changes: Any) -> Callable[[], object]:
    return lambda: jwt.verify(forge(claims=claims(**changes)), ES256, policy(), now=time)


CLOCK = [
    Attack("clock", "RFC 7519 §4.1.4: exp is now", Expired, at(NOW, exp=int(NOW)), at(NOW - 1, exp=int(NOW))),
    Attack(
        "clock",
        "RFC 7519 §4.1.4: exp has no leeway",
        Expired,
        at(NOW + 0.001, exp=int(NOW)),
        at(NOW, exp=int(NOW) + 1),
    ),
    Attack(
        "clock",
        "RFC 7519 §4.1.5: nbf is 31 s ahead",
        NotYetValid,
        at(NOW, nbf=int(NOW) + 31),
        at(NOW, nbf=int(NOW) + 30),
    ),
    Attack(
        "clock",
        "RFC 7519 §4.1.6: iat is 31 s ahead",
        NotYetValid,
        at(NOW, iat=int(NOW) + 31),
        at(NOW, iat=int(NOW) + 30),
    ),
    Attack(
        "clock",
        "a policy with an hour of leeway",
        ValueError,
        lambda: policy(leeway=3600),
        lambda: policy(leeway=60),
    ),
    Attack(
        "clock",
        "a policy with negative leeway",
        ValueError,
        lambda: policy(leeway=-1),
        lambda: policy(leeway=0),
    ),
    Attack("clock", "a policy with NaN leeway", ValueError, lambda: policy(leeway=float("nan")), policy),
    Attack(
        "clock",
        "a clock that says NaN",
        JoseError,
        lambda: jwt.verify(forge(), ES256, policy(), now=float("nan")),
        lambda: jwt.verify(forge(), ES256, policy(), now=NOW),
    ),
    Attack(
        "clock",
        "max_age: issued 61 s ago",
        TooOld,
        lambda: verify(forge(claims=claims(iat=int(NOW) - 61)), rules=policy(max_age=60)),
        lambda: verify(forge(claims=claims(iat=int(NOW) - 60)), rules=policy(max_age=60)),
    ),
    Attack(
        "clock",
        "max_age: no iat",
        ClaimMissing,
        lambda: verify(forge(claims=without(CLAIMS, "iat")), rules=policy(max_age=60)),
        lambda: verify(forge(claims=claims(iat=int(NOW))), rules=policy(max_age=60)),
    ),
    Attack(
        "clock",
        "a policy with NaN max_age",
        ValueError,
        lambda: policy(max_age=float("nan")),
        lambda: policy(max_age=9),
    ),
    token("clock", "RFC 7519 §4.1.4: no exp", ClaimMissing, partial(forge, claims=without(CLAIMS, "exp"))),
]


def incomplete(name: str) -> Attack:
    whole: dict[str, Any] = {
        "issuer": "i",
        "audience": "a",
        "typ": "t",
        "algorithms": frozenset({"ES256"}),
    }
    return Attack(
        "claims",
        f"a policy that says nothing of its {name}",
        TypeError,
        lambda: Policy(**without(whole, name)),
        lambda: Policy(**whole),
    )


def typed(name: str, value: object) -> Attack:
    return token(
        "claims",
        f"RFC 7519 §4.1: {name} is {value!r}",
        JoseError,
        partial(forge, claims=claims(**{name: value})),
    )


PAYLOADS: Mapping[str, bytes] = {
    "an array": b'[{"sub":"ada"}]',
    "a string": b'"sub"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "nothing": b"",
    "white space": b"  ",
    "two objects": b"{}{}",
    "an object and a comma": b"{},",
    "an object and NUL": b"{}\0",
    "a comment": b"{}/**/",
    "single quotes": b"{'sub':'ada'}",
    "bare names": b'{sub:"ada"}',
    "a trailing comma": b'{"sub":"ada",}',
    "another token": forge().encode(),
}
NO_TEXTS: tuple[object, ...] = (None, 5, True, ["x"], {})
TYPES = (
    [incomplete(name) for name in ("issuer", "audience", "typ", "algorithms")]
    + [typed("jti", value) for value in NO_TEXTS]
    + [
        token("claims", f"RFC 7519 §7.2: the claims are {name}", Malformed, partial(forge, claims=payload))
        for name, payload in PAYLOADS.items()
    ]
)

ATTACKS = [*ISSUER, *SUBJECTS, *AUDIENCE, *NUMBERS, *CLOCK, *TYPES]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)
