"""What must not type-check: every line that mypy must refuse says with which code.

Read by mypy, never run. `warn_unused_ignores` reports a line that has become acceptable.
"""

from typing import Any

from gatepass.jose import (
    Decrypted,
    Key,
    KeySet,
    Policy,
    Unverified,
    Verified,
    jwe,
    jws,
    jwt,
)


def act_on(fact: Verified[dict[str, Any]]) -> None:
    """Do what only a checked token allows."""


def a_strangers_word_is_no_fact(token: str, key: Key, policy: Policy) -> None:
    act_on(jwt.peek(token))  # type: ignore[arg-type]
    act_on(jwt.peek(token).claims)  # type: ignore[arg-type]
    act_on(jwt.decrypt(token, key, policy, now=0.0))  # type: ignore[arg-type]
    act_on({"sub": "ada"})  # type: ignore[arg-type]
    act_on(Unverified({}, {}))  # type: ignore[arg-type]
    act_on(Decrypted({}, {}, None))  # type: ignore[arg-type]


def a_policy_is_complete() -> None:
    some = frozenset({"ES256"})
    Policy(audience="a", typ="t", algorithms=some)  # type: ignore[call-arg]
    Policy(issuer="i", typ="t", algorithms=some)  # type: ignore[call-arg]
    Policy(issuer="i", audience="a", algorithms=some)  # type: ignore[call-arg]
    Policy(issuer="i", audience="a", typ="t")  # type: ignore[call-arg]
    Policy("i", "a", "t", some)  # type: ignore[call-arg]
    Policy(issuer=None, audience="a", typ="t", algorithms=some)  # type: ignore[arg-type]
    Policy(issuer="i", audience="a", typ="t", algorithms={"ES256"})  # type: ignore[arg-type]
    Policy(issuer="i", audience="a", typ="t", algorithms="ES256")  # type: ignore[arg-type]
    Policy(issuer="i", audience="a", typ="t", algorithms=some, verify_exp=False)  # type: ignore[call-arg]


def a_policy_and_a_key_are_frozen(policy: Policy, key: Key, keys: KeySet) -> None:
    policy.issuer = "https://evil.example"  # type: ignore[misc]
    key.alg = "none"  # type: ignore[misc]
    fact = jwt.verify("", key, policy, now=0.0)
    fact.kid = "other"  # type: ignore[misc]
    fact.header["alg"] = "none"  # type: ignore[index]


def the_clock_is_the_callers(token: str, key: Key, policy: Policy) -> None:
    jwt.verify(token, key, policy)  # type: ignore[call-overload]
    jwt.verify(token, key, policy, 0.0)  # type: ignore[call-overload]
    jwt.verify(token, key, policy, now="now")  # type: ignore[call-overload]


def a_key_is_no_text(token: str, policy: Policy) -> None:
    jwt.verify(token, "secret", policy, now=0.0)  # type: ignore[call-overload]
    jwt.verify(token, b"secret", policy, now=0.0)  # type: ignore[call-overload]
    jwt.verify(token, {"kty": "oct"}, policy, now=0.0)  # type: ignore[call-overload]
    jwt.sign({"sub": "ada"}, "secret", typ="JWT")  # type: ignore[arg-type]
    Key.from_secret("HS256", "secret")  # type: ignore[arg-type]


def a_token_is_text_and_has_a_kind(token: bytes, key: Key, policy: Policy) -> None:
    jwt.verify(token, key, policy, now=0.0)  # type: ignore[call-overload]
    jwt.sign({"sub": "ada"}, key)  # type: ignore[call-arg]
    jws.sign(b"payload", key)  # type: ignore[call-arg]
    jws.sign("payload", key, typ=None)  # type: ignore[arg-type]
    jws.verify("", key, typ=None)  # type: ignore[call-arg]
    jws.verify("", key, algorithms=frozenset({"ES256"}))  # type: ignore[call-arg]
    jwe.encrypt(b"plain", key, typ=None)  # type: ignore[call-arg]
    jwe.decrypt("", key, typ=None, algorithms=frozenset({"dir"}))  # type: ignore[call-arg]
