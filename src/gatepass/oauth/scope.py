"""Scopes: a set of words, written with single spaces between them (RFC 6749 §3.3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gatepass.oauth.errors import ScopeInvalid

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")


def parse_scope(text: str) -> frozenset[str]:
    """Read a scope string; the empty string is the empty set. Raises `ScopeInvalid`."""
    if not text:
        return frozenset()
    tokens = text.split(" ")
    for token in tokens:
        _check(token)
    return frozenset(tokens)


def format_scope(scope: AbstractSet[str]) -> str:
    """Write a set of scopes in alphabetical order: equal sets, equal text. Raises `ScopeInvalid`."""
    tokens = sorted(scope)
    for token in tokens:
        _check(token)
    return " ".join(tokens)


def _check(token: str) -> None:
    if _SCOPE_TOKEN.fullmatch(token) is None:
        raise ScopeInvalid("a scope is printable ASCII without space, quote and backslash (RFC 6749 §3.3)")
