"""What is said of each check of a token: what was found, and where it failed, what was wanted instead."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from gatepass.cli.output import local_time, printable, span
from gatepass.cli.token_words import LATEST, OPAQUE
from gatepass.jose import JoseError, jwt
from gatepass.oauth import SHARED_ALGORITHM
from gatepass.verifier import Freshness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatepass.jose import Policy
    from gatepass.verifier import Verifier

LONGEST: Final = 80
"""Characters of a stranger's word that are shown."""


class Words:
    """The words for one token; nothing of it is shown but the members that the checks are about."""

    def __init__(self, token: str, verifier: Verifier, policy: Policy, *, now: float) -> None:
        self._token = token
        self._policy = policy
        self._now = now
        self._is_shared = policy.algorithms == {SHARED_ALGORITHM}
        self._known = "in the file" if self._is_shared else "published"
        self._view = verifier.watch.keys.view
        self._health = verifier.health()
        self._cursor = verifier.watch.revocations.cursor
        self._header: Mapping[str, Any] = {}
        self._claims: Mapping[str, Any] = {}
        try:
            self._header = jwt.peek_header(token)
            self._claims = jwt.peek(token).claims
        except JoseError:
            pass  # then no check that speaks of them is reached

    def of(self, name: str) -> str:
        """Say what a check found that went well."""
        said = {
            "length": f"{len(self._token)} characters of {self._policy.max_length}",
            "shape": "three parts",
            "base64url": "canonical",
            "header": f"strict JSON: {', '.join(map(_quoted, self._header))}",
            "alg": _quoted(self._header.get("alg")),
            "typ": _quoted(self._header.get("typ")),
            "kid": f"{_quoted(self._header.get('kid'))} is {self._known}, for this algorithm",
            "signature": "made by that key over these bytes",
            "claims": f"strict JSON, {len(self._claims)} claims",
            "iss": _quoted(self._claims.get("iss")),
            "aud": _quoted(self._claims.get("aud")),
            "required": f"all {len(self._policy.required)} claims of an access token are there",
            "profile": "each claim has its type",
        }
        return said.get(name) or self._of_time(name) or self._of_feed(name)

    def of_failed(self, name: str) -> str | None:
        """Say what is wrong, where that is more than the error says; None where it isn't."""
        if name in {"exp", "nbf", "iat"}:
            return self._of_time(name)
        said = {
            "shape": self._of_shape(),
            "alg": f"{_quoted(self._header.get('alg'))} is not among {_listed(self._policy.algorithms)}",
            "typ": f"{_quoted(self._header.get('typ'))}, where {self._policy.typ!r} is wanted",
            "kid": self._of_kid(),
            "signature": "not made by that key over these bytes: altered, or signed by somebody else",
            "iss": f"{_quoted(self._claims.get('iss'))}, where {self._policy.issuer!r} is wanted",
            "aud": f"{_quoted(self._claims.get('aud'))}, where {self._policy.audience!r} is wanted",
        }
        return said.get(name)

    def _of_shape(self) -> str:
        opaque = OPAQUE.get(self._token[:4])
        parts = self._token.count(".") + 1
        return (
            f"no JWT but {opaque}" if opaque else f"{parts} part{'s' * (parts != 1)}, where three are wanted"
        )

    def _of_kid(self) -> str | None:
        keys = () if self._view is None else tuple(self._view.keys)
        kid, alg = self._header.get("kid"), self._header.get("alg")
        if kid is not None and all(key.kid != kid for key in keys):
            known = _listed(_quoted(key.kid) for key in keys)
            if self._is_shared:
                return f"{_quoted(kid)} is not in the file, but {known}: exchanged, or another issuer's"
            return f"the issuer publishes no key {_quoted(kid)}, but {known}: withdrawn, or another issuer's"
        if kid is not None:
            return f"the key {_quoted(kid)} is not for {_quoted(alg)}"
        return None

    def _of_time(self, name: str) -> str | None:
        """Say a time as a person says it; None for what is none."""
        value = _moment(self._claims.get(name)) if name in {"exp", "nbf", "iat"} else None
        if value is None:
            return None
        away = value - self._now
        when = f"({local_time(value)})"
        if name == "exp":
            return f"expires in {span(away)} {when}" if away > 0 else f"expired {span(away)} ago {when}"
        begun = "began" if name == "nbf" else "issued"
        if away <= 0:
            return f"{begun} {span(away)} ago {when}"
        return f"{span(away)} in the future {when}; {self._policy.leeway} s are tolerated"

    def _of_feed(self, name: str) -> str:
        if self._health.feed is None:
            return "not looked at: no feed is followed, so a token holds until it expires"
        if name == "stale":
            return f"epoch {self._claims.get('epoch')}, and nothing newer is known"
        if name == "revoked":
            return f"not among {self._health.entries} entries, read up to {self._cursor}"
        return f"true {self.view_age}, of {Freshness().max_staleness:g} s that a Service tolerates by default"

    @property
    def view_age(self) -> str:
        """How long ago the view was true."""
        age = self._health.view_age
        return "never" if age is None or not isfinite(age) else f"{max(age, 0):.1f} s ago"


def clock_words(skew: float | None) -> str:
    """Say how the clocks differ."""
    if skew is None:
        return "not measured: no page of the feed was heard"
    return f"this machine is {abs(skew):.1f} s {'behind' if skew < 0 else 'ahead of'} the issuer, at most"


def _quoted(value: object) -> str:
    """Show a stranger's word: cut, and unable to move the cursor."""
    if value is None:
        return "(absent)"
    text = printable(repr(value))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "(none)"


def _moment(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= LATEST:
        return None
    return float(value)
