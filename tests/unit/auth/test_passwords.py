"""argon2id: the profile that the code names, and nothing weaker."""

from __future__ import annotations

import os

import pytest

from gatepass.auth import passwords
from gatepass.auth.passwords import CURRENT, OWASP_2025, Profile

CHEAP = Profile(memory=8, passes=1, lanes=1)


def test_the_profile_is_the_one_owasp_names() -> None:
    assert CURRENT == OWASP_2025 == Profile(memory=19 * 1024, passes=2, lanes=1)
    encoded = passwords.hash_password("correct horse", entropy=os.urandom)
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify_password(encoded, "correct horse")
    assert not passwords.verify_password(encoded, "correct hors")
    assert not passwords.needs_rehash(encoded)


def test_the_same_password_is_hashed_differently_each_time() -> None:
    hashes = {passwords.hash_password("same", entropy=os.urandom, profile=CHEAP) for _ in range(3)}
    assert len(hashes) == 3


OTHERS = {
    "less memory": "$argon2id$v=19$m=8,t=2,p=1$" + "c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43,
    "one pass": "$argon2id$v=19$m=19456,t=1,p=1$" + "c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43,
    "argon2i": "$argon2i$v=19$m=19456,t=2,p=1$" + "c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43,
    "no hash at all": "plain",
}


@pytest.mark.parametrize("encoded", OTHERS.values(), ids=OTHERS.keys())
def test_any_other_hash_is_to_be_replaced_and_does_not_verify_by_accident(encoded: str) -> None:
    assert passwords.needs_rehash(encoded)
    assert not passwords.verify_password(encoded, "password")


def test_nobody_has_the_dummys_password() -> None:
    assert not passwords.verify_password(None, "nobody", profile=CHEAP)
    assert not passwords.verify_password(None, "-", profile=CHEAP)
