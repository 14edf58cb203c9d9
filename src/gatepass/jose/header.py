"""The protected header, parsed into types before any logic sees it (RFC 7515 §4, RFC 7516 §4).

`jwk`, `jku`, `x5u`, `x5c`, `x5t` and `x5t#S256` may be there, because real issuers send them and RFC 7515 §4
lets a recipient ignore them; their types are checked and they are never followed: only the caller's keys are
ever used (CVE-2018-0114, CVE-2026-27962).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import msgspec

from gatepass.jose import b64, strict_json
from gatepass.jose.errors import CriticalHeader, Malformed


class Header(msgspec.Struct, frozen=True):
    """A header whose every known member has the right type."""

    alg: str
    typ: str | None
    cty: str | None
    kid: str | None
    members: Mapping[str, Any]  # read-only
    plain: bool  # all members are text: this header may be shared between tokens


# RFC 7515 §4.1, RFC 7516 §4.1, RFC 7518 §4.6 to §4.8
_TEXT: Final = frozenset(
    {"alg", "typ", "cty", "kid", "jku", "x5u", "x5t", "x5t#S256", "enc", "apu", "apv", "iv", "tag", "p2s"}
)
_OBJECTS: Final = frozenset({"jwk", "epk"})
_ODD: Final = _OBJECTS | {"x5c", "p2c"}
# `crit` names extensions that must be understood; `b64` (RFC 7797) and `zip` change what the bytes mean
# even for someone who ignores them. None of them is spoken here (CVE-2025-59420, CVE-2024-28102).
_REFUSED: Final = ("crit", "b64", "zip")


def parse_header(segment: str) -> Header:
    """Give the typed header of a header segment.

    Raises:
        Malformed: not canonical base64url, not strict JSON, or a member of the wrong type.
        CriticalHeader: it holds `crit`, `b64` or `zip`.
    """
    members = strict_json.decode_object(b64.decode(segment))
    plain = True
    for name, value in members.items():
        if type(value) is not str or name in _ODD:
            plain = False
            _check_type(name, value)
    for name in _REFUSED:
        if name in members:
            raise CriticalHeader(f"the header parameter {name!r} is not supported")
    alg = members.get("alg")
    if not alg:
        raise Malformed("the header names no algorithm")
    typ, cty = members.get("typ"), members.get("cty")
    return Header(alg, typ, cty, members.get("kid"), MappingProxyType(members), plain)


def _check_type(name: str, value: object) -> None:
    """Refuse a registered member whose value is not of its type; of `_TEXT`, only other values come here."""
    if name in _TEXT:
        raise Malformed(f"the header parameter {name!r} is not a string")
    if name in _OBJECTS and not isinstance(value, dict):
        raise Malformed(f"the header parameter {name!r} is not an object")
    if name == "x5c" and not (
        isinstance(value, list) and value and all(isinstance(one, str) for one in value)
    ):
        raise Malformed("the header parameter 'x5c' is not an array of strings")
    if name == "p2c" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise Malformed("the header parameter 'p2c' is not a positive integer")


def media_type(typ: str | None) -> str | None:
    """Give a `typ` or `cty` in the one spelling that is compared (RFC 7515 §4.1.9).

    Media types know no case, and `application/` may be left out where no other slash follows.
    """
    if typ is None or not typ.isascii():  # lower() would turn the Kelvin sign into a k
        return typ
    typ = typ.lower()
    short = typ.removeprefix("application/")
    return typ if "/" in short else short
