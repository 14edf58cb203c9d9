"""Attacks on pages of the revocation feed: a relay that hides, alters or invents what was revoked.

Each has its accepted twin. That a relay shows an old page is no forgery: `true_at` says how old it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.attacks.forgery import ES256, NOW, b64, claims, es256_of_the_attacker, forge, header

from gatepass.jose import JoseError, KeySet, jwt
from gatepass.oauth import OAuthError, Page, mark_of, revocations_policy

if TYPE_CHECKING:
    from collections.abc import Callable

ISSUER = "https://auth.example"
MARK = b64(mark_of("a-session").to_bytes(6))
PAGE: dict[str, Any] = claims(
    aud=ISSUER,
    log="feed",
    after=None,
    seq=1,
    more=False,
    true_at=1_800_000_000_000,
    groups=[["sid", 0, 1_800_003_660, MARK]],
)
HEAD = header(typ="revocations+jwt")


def page(head: object = None, **changes: Any) -> str:
    return forge(head or HEAD, PAGE | changes)


def read(text: str) -> Page:
    """Read a page as a Service does."""
    policy = revocations_policy(issuer=ISSUER, algorithms=frozenset({"ES256"}))
    return Page.from_claims(jwt.verify(text, KeySet([ES256]), policy, now=NOW).claims)


def spliced() -> str:
    """The entries of one page under the signature of another."""
    head, _, signature = page().split(".")
    return ".".join((head, page(groups=[]).split(".")[1], signature))


def group(**changes: Any) -> list[list[Any]]:
    given = {"selects": "sid", "below": 0, "forget_after": 1_800_003_660, "marks": MARK} | changes
    return [[given[name] for name in ("selects", "below", "forget_after", "marks")]]


ATTACKS: dict[str, Callable[[], str]] = {
    "signed by somebody else": lambda: forge(HEAD, PAGE, es256_of_the_attacker),
    "entries taken out of a signed page": spliced,
    "no signature, RFC 8725 §3.2": lambda: page().rpartition(".")[0] + ".",
    "alg none, RFC 8725 §3.2": lambda: page(HEAD | {"alg": "none"}),
    "an access token, RFC 8725 §3.11": lambda: page(HEAD | {"typ": "at+jwt"}),
    "no typ, RFC 8725 §3.11": lambda: page({"alg": "ES256"}),
    "of another issuer": lambda: page(iss="https://auth.example.evil"),
    "for another audience": lambda: page(aud="clinic"),
    "over, whatever a Service's contract": lambda: page(exp=int(NOW)),
    "from tomorrow": lambda: page(iat=int(NOW) + 86_400),
    "without a time": lambda: page(iat=None),
    "true at no time": lambda: page(true_at="now"),
    "true before time": lambda: page(true_at=-1),
    "true at half a millisecond": lambda: page(true_at=0.5),
    "ends before it begins": lambda: page(after=2),
    "of no feed": lambda: page(log=""),
    "more is no truth": lambda: page(more="false"),
    "entries are no list": lambda: page(groups={}),
    "an unknown kind of entry": lambda: page(groups=group(selects="nobody")),
    "half a mark": lambda: page(groups=group(marks=MARK[:-1])),
    "no mark": lambda: page(groups=group(marks="")),
    "a mark that is no base64url": lambda: page(groups=group(marks="!" * 8)),
    "a mark among spaces": lambda: page(groups=group(marks=MARK[:4] + "    " + MARK[4:] + "    ")),
    "a mark of the other alphabet": lambda: page(groups=group(marks="++++////")),
    "a bound below nothing": lambda: page(groups=group(below=-1)),
    "an end beyond all time": lambda: page(groups=group(forget_after=2**60)),
    "longer than any page": lambda: page(groups=group(marks=MARK * 40_000)),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_page_that_is_none_is_refused(attack: Callable[[], str]) -> None:
    with pytest.raises((JoseError, OAuthError)):
        read(attack())


TWINS: dict[str, Callable[[], str]] = {
    "as it was": page,
    "of a difference": lambda: page(after=0),
    "with nothing in it": lambda: page(groups=[]),
    "as long as a page may be": lambda: page(groups=group(marks=MARK * 4_000)),
    "an hour old": lambda: page(true_at=PAGE["true_at"] - 3_600_000, iat=int(NOW) - 3_600),
}


@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS.keys())
def test_the_twins_are_read(twin: Callable[[], str]) -> None:
    found = read(twin())
    assert {one.mark for one in found.selectors} <= {mark_of("a-session")}
