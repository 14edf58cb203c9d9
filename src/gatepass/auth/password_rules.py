"""What may become a password: long enough, not one of the commonest, not about its owner or the site.

No rules of composition (ASVS 5.0, 6.2.5): they make people choose `Password1!`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from gatepass.auth.errors import InvalidInput
from gatepass.auth.passwords import MAX_LENGTH, is_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gatepass.auth.terms import Terms

MIN_LENGTH: Final = 8  # characters; NIST SP 800-63B-4 §3.1.1.2 and OWASP ASVS 5.0, 6.2.1

OWN_CHARACTERS: Final = 6
"""What must be left of a password without the words about its owner and the site: `lovelace1815` is one guess
of a few thousand for who knows her name."""
_SHORTEST_WORD: Final = 4  # characters; shorter ones stand in honest passwords by chance

TRIED_FIRST: Final = "is among those that are tried first, common or known from a breach; choose another"
"""What is said of the commonest and of those from a breach alike."""

_WORD: Final = re.compile(r"[^\W_]+")


def words_about(*, terms: Terms, email: str = "", names: Iterable[str] = ()) -> frozenset[str]:
    """Give the words that a stranger would try first (ASVS 5.0, 6.2.11; NIST SP 800-63B-4 §3.1.1.2)."""
    host = terms.issuer.partition("://")[2]
    texts = " ".join((terms.audience, host, email, *names, "gatepass"))
    whole = (email.casefold(), email.casefold().partition("@")[0], host)
    return frozenset(
        word for word in (*whole, *_WORD.findall(texts.casefold())) if len(word) >= _SHORTEST_WORD
    )


def check_new_password(password: str, *, about: Iterable[str], field: str = "password") -> str:
    """Take a password as it is. `about` are the words of `words_about`. Raises `InvalidInput(field)`."""
    if len(password) < MIN_LENGTH:
        raise InvalidInput(field, f"needs at least {MIN_LENGTH} characters")
    if len(password) > MAX_LENGTH:
        raise InvalidInput(field, f"has more than {MAX_LENGTH} characters")
    if not is_text(password):
        raise InvalidInput(field, "is not well-formed text")
    folded = password.casefold()
    if folded in commonest():
        raise InvalidInput(field, TRIED_FIRST)
    if _own_part(folded, about) < OWN_CHARACTERS:
        raise InvalidInput(field, "is little more than a name, an address or the site; choose another")
    return password


@cache
def commonest() -> frozenset[str]:
    """Give the commonest passwords that the policy would let pass otherwise, some 11,000, in lower case; ASVS
    5.0 (6.2.4) asks for 3,000."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word.casefold() for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_LENGTH)


def _own_part(folded: str, about: Iterable[str]) -> int:
    """Count what is left without the words, the longest of them taken out first."""
    left = folded
    for word in sorted(about, key=lambda word: (-len(word), word)):
        left = left.replace(word, " ")
    return len("".join(left.split())) if left != folded else len(folded)
