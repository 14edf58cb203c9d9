"""Which problem each of auth's errors becomes: the one table from the domain to HTTP.

Many causes, few answers: the client learns that a pass does not hold, the log learns why.
"""

from __future__ import annotations

from typing import Final

from gatepass import auth
from gatepass.server.answers import Refused

_CODES: Final[dict[type[auth.AuthError], str]] = {
    auth.LoginRefused: "login_refused",
    auth.PasswordRefused: "password_refused",
    auth.LinkRefused: "link_refused",
    auth.TooManyAttempts: "too_many_attempts",
    auth.RegistrationClosed: "registration_closed",
    auth.InvalidInput: "invalid_input",
    auth.RoleUnknown: "invalid_input",
    auth.EmailTaken: "email_taken",
    auth.SessionRefused: "invalid_token",
    auth.RefreshRefused: "refresh_refused",
    auth.SessionUnknown: "not_found",
    auth.UserUnknown: "not_found",
    auth.NotPermitted: "insufficient_scope",
    auth.Contended: "busy",
    auth.PasswordsBusy: "busy",
    auth.StorageUnavailable: "busy",
    auth.KeysUnavailable: "busy",
    auth.RecipientUnknown: "busy",
}

# Long enough that a crowd thins out, short enough that a person waits for it. Seconds.
_BUSY_FOR: Final = 1


def refusal_of(error: auth.AuthError) -> Refused:
    """Choose the problem for an error of auth; one that has no row is our own fault: `internal`."""
    code = next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), "internal")
    if isinstance(error, auth.InvalidInput):
        return Refused(code, field=error.field, detail=f"{error.field} {error.reason}.")
    if isinstance(error, auth.RoleUnknown):
        return Refused(code, field="roles", detail="roles names a role that is not defined.")
    if isinstance(error, auth.TooManyAttempts):
        return Refused(code, retry_after=error.retry_after)
    if error.code == "renewal_too_early":
        return Refused("renewal_too_early")  # nothing is wrong with it: the one cause that a client must know
    return Refused(code, retry_after=_BUSY_FOR if code == "busy" else None)
