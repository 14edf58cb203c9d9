"""Why a request is not let through. The client learns `code`; the log learns `reason`."""

from __future__ import annotations

from typing import ClassVar


class Refused(Exception):
    """A request that is not let through; `status` is the HTTP status that says so."""

    status: ClassVar[int] = 401
    code: str = "refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unauthenticated(Refused):
    """The pass does not hold: 401 `invalid_token`, whatever the cause (RFC 6750 §3.1)."""

    code = "invalid_token"


class PassMissing(Unauthenticated):
    """No pass was shown: 401 without an error code (RFC 6750 §3.1, last paragraph)."""

    code = "unauthenticated"

    def __init__(self) -> None:
        super().__init__("no_pass")


class TokenStale(Unauthenticated):
    """The token is the user's, but what they may do has changed since: 401 `token_stale`.

    Renewed, it holds again. Nobody has to log in.
    """

    code = "token_stale"

    def __init__(self) -> None:
        super().__init__("token_stale")


class LoginTooOld(Unauthenticated):
    """The pass holds, but the user logged in too long ago for this: 401 (RFC 9470 §3)."""

    code = "insufficient_user_authentication"

    def __init__(self, within: int) -> None:
        super().__init__("login_too_old")
        self.within = within
        """Seconds that a login may be ago."""


class MalformedRequest(Refused):
    """The pass is carried in a way that the standard forbids: 400 `invalid_request` (RFC 6750 §3.1)."""

    status = 400
    code = "invalid_request"


class CrossSite(Refused):
    """A cookie came with an unsafe method, and nothing shows that our own page sent it: 403 `csrf`."""

    status = 403
    code = "csrf"


class Forbidden(Refused):
    """The pass holds but does not allow this: 403 `insufficient_scope` (RFC 6750 §3.1)."""

    status = 403
    code = "insufficient_scope"

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"needs_{noun}")
        self.noun = noun
        """What kind of thing is wanted: a permission, a role or a scope."""
        self.name = name


class Unavailable(Refused):
    """Nobody can say now whether the pass holds: 503 with `Retry-After`, never 401."""

    status = 503
    code = "unavailable"

    def __init__(self, reason: str, *, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        """Whole seconds after which asking again makes sense."""
