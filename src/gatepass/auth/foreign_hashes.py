"""Password hashes of other systems: known by their form, bounded in their cost, verified as they are.

They come in with an import (`usecases.import_users`), and go at the first log-in, which hashes the password
anew under our own profile. A hash is taken only when verifying it costs no more than a second and 128 MiB:
otherwise one line of a file would be a bomb that goes off at every attempt on that account (compare
CVE-2023-6681, RFC 8725bis §3.13).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

# Measured on one core of our machines: each of these limits is 0.2 to 0.8 s of work.
MAX_BCRYPT_COST: Final = 14
MAX_ITERATIONS: Final = 2_000_000
"""Of PBKDF2; Django 6.1 takes 1,500,000."""
MAX_SCRYPT_WORK: Final = 2**20
"""N × r × p. It bounds the memory too, 128 × N × r bytes: OWASP's N = 2^17 with r = 8 just fits."""
MAX_ARGON2_MEMORY: Final = 128 * 1024
"""KiB."""
MAX_ARGON2_WORK: Final = 512 * 1024
"""Memory × passes; RFC 9106's second choice (64 MiB, 3 passes) is 192 × 1024, Django's 200 × 1024."""
MAX_ARGON2_LANES: Final = 16
"""Each is a thread while it is verified."""

BCRYPT_READS: Final = 72
"""Bytes of a password that bcrypt looks at; who made the hash ignored what stands behind them."""


class Format(msgspec.Struct, frozen=True):
    """A form of hashes: how it is recognised, whether it is cheap enough, how it is verified."""

    name: str
    form: re.Pattern[str]
    bounded: Callable[[re.Match[str]], bool]
    verify: Callable[[re.Match[str], bytes], bool]
    """Raises `ValueError` for what no password can have become."""


def take_hash(encoded: str) -> str:
    """Take a hash that may be stored; gives its format's name. Raises `InvalidInput("password_hash")`."""
    found = _recognised(encoded)
    if found is None:
        raise InvalidInput("password_hash", "is in no form that is known here")
    format_, match = found
    if not format_.bounded(match):
        raise InvalidInput("password_hash", "would cost too much to verify")
    return format_.name


def verify(encoded: str, password: str) -> bool:
    """Say whether the password is the hashed one; a hash that `take_hash` refuses is nobody's."""
    found = _recognised(encoded)
    if found is None or not found[0].bounded(found[1]):
        return False
    try:
        return found[0].verify(found[1], password.encode("utf-8"))
    except ValueError:
        return False


def _recognised(encoded: str) -> tuple[Format, re.Match[str]] | None:
    for format_ in FORMATS:
        match = format_.form.fullmatch(encoded)
        if match is not None:
            return format_, match
    return None


def _verify_bcrypt(match: re.Match[str], password: bytes) -> bool:
    import bcrypt

    return bcrypt.checkpw(password[:BCRYPT_READS], match["hash"].encode("ascii"))


def _verify_bcrypt_sha256(match: re.Match[str], password: bytes) -> bool:
    return _verify_bcrypt(match, hashlib.sha256(password).hexdigest().encode("ascii"))


def _verify_pbkdf2(match: re.Match[str], password: bytes) -> bool:
    salt, rounds = match["salt"].encode("ascii"), int(match["rounds"])
    return _equal(match, hashlib.pbkdf2_hmac(match["digest"], password, salt, rounds))


def _verify_django_scrypt(match: re.Match[str], password: bytes) -> bool:
    return _verify_scrypt(match, password, salt=match["salt"].encode("ascii"), n=int(match["n"]))


def _verify_phc_scrypt(match: re.Match[str], password: bytes) -> bool:
    return _verify_scrypt(match, password, salt=_bytes(match["salt"]), n=1 << int(match["ln"]))


def _verify_scrypt(match: re.Match[str], password: bytes, *, salt: bytes, n: int) -> bool:
    r, p = int(match["r"]), int(match["p"])
    memory = 128 * r * (n + p + 4)  # all that OpenSSL counts; its own limit would be 32 MiB
    size = len(_bytes(match["hash"]))
    return _equal(match, hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=size))


def _verify_argon2(match: re.Match[str], password: bytes) -> bool:
    from argon2.exceptions import Argon2Error
    from argon2.low_level import Type, verify_secret

    kind = {"i": Type.I, "d": Type.D, "id": Type.ID}[match["kind"]]
    try:
        return verify_secret(match["phc"].encode("ascii"), password, kind)
    except Argon2Error:
        return False


def _equal(match: re.Match[str], computed: bytes) -> bool:
    return hmac.compare_digest(_bytes(match["hash"]), computed)


def _bytes(text: str) -> bytes:
    return b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), validate=True)


def _scrypt_is_bounded(n: int, match: re.Match[str]) -> bool:
    r, p = int(match["r"]), int(match["p"])
    return n > 1 and n & (n - 1) == 0 and min(r, p) > 0 and n * r * p <= MAX_SCRYPT_WORK


def _argon2_is_bounded(match: re.Match[str]) -> bool:
    memory, passes, lanes = int(match["m"]), int(match["t"]), int(match["p"])
    return (
        0 < lanes <= MAX_ARGON2_LANES
        and 8 * lanes <= memory <= MAX_ARGON2_MEMORY  # RFC 9106 §3.1
        and 0 < memory * passes <= MAX_ARGON2_WORK
    )


_BCRYPT: Final = r"(?P<hash>\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{53})"
_SALT: Final = r"(?P<salt>[!-#%-~]{1,128})"  # what Django writes as it is: ASCII, without spaces and "$"
_HASH: Final = r"(?P<hash>[A-Za-z0-9+/]{22,172}={0,2})"
_R_AND_P: Final = r"r=(?P<r>[0-9]{1,4}),p=(?P<p>[0-9]{1,4})"


def _bcrypt_is_bounded(match: re.Match[str]) -> bool:
    return 4 <= int(match["cost"]) <= MAX_BCRYPT_COST


def _pbkdf2_is_bounded(match: re.Match[str]) -> bool:
    return 0 < int(match["rounds"]) <= MAX_ITERATIONS


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


FORMATS: Final = (
    Format("bcrypt", _form(rf"(?:bcrypt\$)?{_BCRYPT}"), _bcrypt_is_bounded, _verify_bcrypt),
    Format("bcrypt_sha256", _form(rf"bcrypt_sha256\${_BCRYPT}"), _bcrypt_is_bounded, _verify_bcrypt_sha256),
    Format(
        "pbkdf2",
        _form(rf"pbkdf2_(?P<digest>sha1|sha256)\$(?P<rounds>[0-9]{{1,8}})\${_SALT}\${_HASH}"),
        _pbkdf2_is_bounded,
        _verify_pbkdf2,
    ),
    Format(
        "scrypt",
        _form(rf"scrypt\$(?P<n>[0-9]{{1,8}})\${_SALT}\$(?P<r>[0-9]{{1,4}})\$(?P<p>[0-9]{{1,4}})\${_HASH}"),
        lambda match: _scrypt_is_bounded(int(match["n"]), match),
        _verify_django_scrypt,
    ),
    Format(
        "scrypt",
        _form(rf"\$scrypt\$ln=(?P<ln>[0-9]{{1,2}}),{_R_AND_P}\$(?P<salt>[A-Za-z0-9+/]{{0,172}})\${_HASH}"),
        lambda match: _scrypt_is_bounded(1 << int(match["ln"]), match),
        _verify_phc_scrypt,
    ),
    Format(
        "argon2",
        _form(
            r"(?:argon2)?(?P<phc>\$argon2(?P<kind>id|i|d)(?:\$v=(?:16|19))?"
            r"\$m=(?P<m>[0-9]{1,8}),t=(?P<t>[0-9]{1,8}),p=(?P<p>[0-9]{1,4})"
            r"\$[A-Za-z0-9+/]{11,172}\$[A-Za-z0-9+/]{6,172})"
        ),
        _argon2_is_bounded,
        _verify_argon2,
    ),
)
"""All that is known: bcrypt, plain and as Django writes it; Django's PBKDF2 and scrypt; scrypt and argon2 in
the PHC string format."""
