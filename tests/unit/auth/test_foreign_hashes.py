"""Hashes of other systems: verified as they are, bounded in what they cost, refused where unknown."""

from __future__ import annotations

import hashlib
import os
from base64 import b64encode
from typing import TYPE_CHECKING

import bcrypt
import pytest
from argon2.low_level import Type, hash_secret
from django.conf import settings
from django.contrib.auth import hashers
from tests.unit.auth.house import CLIENT, NOW, make_auth

from gatepass.auth import InvalidInput, LoginRefused, UserAdded, foreign_hashes, passwords, usecases
from gatepass.auth.users import User, UserStatus

if TYPE_CHECKING:
    from collections.abc import Callable

PASSWORD = "correct höрse"


def of_bcrypt(version: str) -> str:
    made = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    return made.replace("$2b$", f"${version}$")


def of_argon2(kind: Type, version: int = 19) -> str:
    return hash_secret(PASSWORD.encode(), os.urandom(16), 1, 64, 2, 24, kind, version).decode()


def of_django(hasher: hashers.BasePasswordHasher) -> str:
    """Have the real Django make one, as cheaply as it lets us."""
    if not settings.configured:
        settings.configure()
    return hasher.encode(PASSWORD, "NaClNaClNaClNaClNaCl12")


def of_django_pbkdf2(hasher: hashers.PBKDF2PasswordHasher) -> str:
    hasher.iterations = 3
    return of_django(hasher)


def of_django_scrypt() -> str:
    hasher = hashers.ScryptPasswordHasher()
    hasher.work_factor = 16
    return of_django(hasher)


def of_django_bcrypt(name: str, hasher: type[hashers.BCryptSHA256PasswordHasher]) -> str:
    made = hasher()
    data = made.digest(PASSWORD.encode()).hexdigest() if made.digest else PASSWORD
    return f"{name}${bcrypt.hashpw(data.encode(), bcrypt.gensalt(4)).decode()}"


def of_phc_scrypt() -> str:
    salt = os.urandom(16)
    made = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=16, r=8, p=1, dklen=32)
    return "$scrypt$ln=4,r=8,p=1${}${}".format(*(b64encode(b).decode().rstrip("=") for b in (salt, made)))


KNOWN: dict[str, tuple[str, Callable[[], str]]] = {
    "bcrypt 2a": ("bcrypt", lambda: of_bcrypt("2a")),
    "bcrypt 2b": ("bcrypt", lambda: of_bcrypt("2b")),
    "bcrypt 2y, PHP": ("bcrypt", lambda: of_bcrypt("2y")),
    "Django bcrypt": ("bcrypt", lambda: of_django_bcrypt("bcrypt", hashers.BCryptPasswordHasher)),
    "Django bcrypt_sha256": (
        "bcrypt_sha256",
        lambda: of_django_bcrypt("bcrypt_sha256", hashers.BCryptSHA256PasswordHasher),
    ),
    "Django pbkdf2_sha256": ("pbkdf2", lambda: of_django_pbkdf2(hashers.PBKDF2PasswordHasher())),
    "Django pbkdf2_sha1": ("pbkdf2", lambda: of_django_pbkdf2(hashers.PBKDF2SHA1PasswordHasher())),
    "Django scrypt": ("scrypt", of_django_scrypt),
    "PHC scrypt": ("scrypt", of_phc_scrypt),
    "argon2id": ("argon2", lambda: of_argon2(Type.ID)),
    "argon2i": ("argon2", lambda: of_argon2(Type.I)),
    "argon2d": ("argon2", lambda: of_argon2(Type.D)),
    "argon2id 1.0": ("argon2", lambda: of_argon2(Type.ID, 16)),
    "Django argon2": ("argon2", lambda: "argon2" + of_argon2(Type.ID)),
}


@pytest.mark.parametrize(("name", "make"), KNOWN.values(), ids=KNOWN)
def test_a_known_hash_is_taken_verified_and_to_be_replaced(name: str, make: Callable[[], str]) -> None:
    encoded = make()
    assert foreign_hashes.take_hash(encoded) == name
    assert passwords.verify_password(encoded, PASSWORD)
    assert not passwords.verify_password(encoded, PASSWORD + "!")
    assert not passwords.verify_password(encoded, "")
    assert passwords.needs_rehash(encoded)


PUBLISHED = {
    "passlib's documentation, bcrypt": (
        "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m",
        "password",
    ),
    "passlib's documentation, scrypt": (
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "password",
    ),
    "argon2's own tests": (
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "password",
    ),
}


@pytest.mark.parametrize(("encoded", "password"), PUBLISHED.values(), ids=PUBLISHED)
def test_a_published_hash_verifies(encoded: str, password: str) -> None:
    foreign_hashes.take_hash(encoded)
    assert passwords.verify_password(encoded, password)


BCRYPT = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"
DIGEST = "A" * 43 + "="

TOO_COSTLY = {
    "bcrypt, 2^15": f"$2b$15${BCRYPT}",
    "bcrypt, 2^31": f"$2b$31${BCRYPT}",
    "bcrypt, below its least": f"$2b$03${BCRYPT}",
    "PBKDF2, ten times too many": f"pbkdf2_sha256$20000000$salt${DIGEST}",
    "PBKDF2, none at all": f"pbkdf2_sha256$0$salt${DIGEST}",
    "scrypt, a gigabyte": f"scrypt$1048576$salt$8$1${DIGEST}",
    "scrypt, in parallel": f"scrypt$16384$salt$8$9999${DIGEST}",
    "scrypt, no power of two": f"scrypt$16383$salt$8$1${DIGEST}",
    "scrypt, no blocks": f"scrypt$16384$salt$0$1${DIGEST}",
    "PHC scrypt, 2^99": f"$scrypt$ln=99,r=8,p=1$c2FsdA${DIGEST[:-1]}",
    "argon2, two gigabytes": "$argon2id$v=19$m=2097152,t=1,p=4$c29tZXNhbHQ$" + "A" * 43,
    "argon2, a thousand passes": "$argon2id$v=19$m=19456,t=1000,p=1$c29tZXNhbHQ$" + "A" * 43,
    "argon2, a hundred threads": "$argon2id$v=19$m=19456,t=1,p=100$c29tZXNhbHQ$" + "A" * 43,
    "argon2, no passes": "$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$" + "A" * 43,
}

UNKNOWN = {
    "nothing": "",
    "a password": "hunter2",
    "MD5": "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
    "SHA-512 crypt": "$6$salt$" + "A" * 86,
    "bcrypt 2x": f"$2x$10${BCRYPT}",
    "bcrypt, cut": f"$2b$10${BCRYPT[:-1]}",
    "bcrypt and a line": f"$2b$10${BCRYPT}\n",
    "PBKDF2 of another digest": f"pbkdf2_md5$1000$salt${DIGEST}",
    "PBKDF2, Arabic digits": f"pbkdf2_sha256$١٠٠٠$salt${DIGEST}",
    "Django's unusable password": "!abcdefghijklmnopqrstuvwxyz",
    "a long text": "$2b$10$" + "A" * 100_000,
}


@pytest.mark.parametrize("encoded", TOO_COSTLY.values(), ids=TOO_COSTLY)
def test_a_hash_that_is_a_bomb_is_neither_taken_nor_verified(encoded: str) -> None:
    with pytest.raises(InvalidInput, match="cost too much"):
        foreign_hashes.take_hash(encoded)
    assert not foreign_hashes.verify(encoded, PASSWORD)


@pytest.mark.parametrize("encoded", UNKNOWN.values(), ids=UNKNOWN)
def test_a_hash_in_no_known_form_is_refused(encoded: str) -> None:
    with pytest.raises(InvalidInput, match="no form that is known"):
        foreign_hashes.take_hash(encoded)
    assert not passwords.verify_password(encoded or None, PASSWORD)


def test_bcrypt_reads_as_much_of_a_password_as_it_always_did() -> None:
    encoded = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert passwords.verify_password(encoded, "x" * 100)
    assert not passwords.verify_password(encoded, "x" * 71)


@pytest.mark.parametrize(("_name", "make"), KNOWN.values(), ids=KNOWN)
async def test_the_first_log_in_replaces_it_and_a_wrong_password_does_not(
    _name: str, make: Callable[[], str]
) -> None:
    auth, encoded = make_auth(), make()
    names = frozenset[str]()
    user = User(
        "u" * 22, "ada@example.org", "Ada", "Lovelace", UserStatus.ACTIVE, names, names, names, 0, 0, NOW
    )
    await auth.store.commit(UserAdded(user, encoded))
    with pytest.raises(LoginRefused):
        await usecases.log_in(auth, email=user.email, password="wrong", client=CLIENT, now=NOW)
    assert await auth.store.credentials_by_email(user.email) == (user, encoded)
    await usecases.log_in(auth, email=user.email, password=PASSWORD, client=CLIENT, now=NOW)
    found = await auth.store.credentials_by_email(user.email)
    assert found is not None
    assert found[1] is not None
    assert not auth.passwords.needs_rehash(found[1])
    await usecases.log_in(auth, email=user.email, password=PASSWORD, client=CLIENT, now=NOW)
