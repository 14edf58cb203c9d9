"""What auth refuses, and why: one tree, each with a stable `code` and a text that may be logged."""

from __future__ import annotations

from typing import ClassVar


class AuthError(Exception):
    """Anything that auth refuses; `code` is stable, the text carries no secret and no value of the
    caller's."""

    code: str = "auth_error"


class LoginRefused(AuthError):
    """E-mail and password open no account; the same for every cause, so that it tells nobody who has one."""

    code = "login_refused"

    def __init__(self) -> None:
        super().__init__("e-mail and password do not match an account")


class TooManyAttempts(AuthError):
    """The account or the address must wait; `retry_after` in whole seconds, at least 1."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many attempts; try again in {retry_after} s")
        self.retry_after = retry_after


class RegistrationClosed(AuthError):
    """Strangers may not register here."""

    code = "registration_closed"

    def __init__(self) -> None:
        super().__init__("registration is closed")


class InvalidInput(AuthError):
    """A field cannot be accepted; `field` names it, the text says what to do. Never carries the value."""

    code = "invalid_input"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class EmailTaken(AuthError):
    """There is an account with this e-mail address already."""

    code = "email_taken"

    def __init__(self) -> None:
        super().__init__("an account with this e-mail address exists")


class RoleUnknown(AuthError):
    """A role was named that nobody defined."""

    code = "role_unknown"

    def __init__(self) -> None:
        super().__init__("a role that is not defined")


class UserUnknown(AuthError):
    """There is no such user."""

    code = "user_unknown"

    def __init__(self) -> None:
        super().__init__("no such user")


class KeyUnknown(AuthError):
    """There is no such signing key."""

    code = "key_unknown"

    def __init__(self) -> None:
        super().__init__("no such signing key")


class SecretShared(AuthError):
    """There are no signing keys: this site signs with the secret that it shares with its Services."""

    code = "secret_shared"

    def __init__(self) -> None:
        super().__init__(
            "this site signs with a shared secret: exchange it in its file, here and at each Service"
        )


class PasswordRefused(AuthError):
    """The current password, asked for once more, is another one."""

    code = "password_refused"

    def __init__(self) -> None:
        super().__init__("the current password is another one")


class SessionUnknown(AuthError):
    """There is no such live session, or it is not the caller's to touch: the answer is the same."""

    code = "session_unknown"

    def __init__(self) -> None:
        super().__init__("no such session")


class NotPermitted(AuthError):
    """The actor may not do this."""

    code = "not_permitted"

    def __init__(self) -> None:
        super().__init__("the actor lacks the permission for this")


class _Coded(AuthError):
    """A refusal of one kind with several causes, each with its own code; for the log, not for strangers."""

    TEXTS: ClassVar[dict[str, str]] = {}

    def __init__(self, code: str) -> None:
        super().__init__(self.TEXTS[code])
        self.code = code


class SessionRefused(_Coded):
    """A session id or an access token that Auth does not honour; `code` says why."""

    code = "session_refused"
    TEXTS: ClassVar = {
        "session_malformed": "not a session id",
        "session_unknown": "no session with this id",
        "session_ended": "the session was ended",
        "session_idle": "the session was not used for too long",
        "session_expired": "the session reached its absolute end",
        "session_revoked": "the user's sessions up to this epoch were ended",
        "user_disabled": "the user is disabled",
        "token_invalid": "not an access token of this issuer that is good now",
        "token_revoked": "the access token was revoked by an order",
        "token_of_shared_secret": "an access token that every Service could have made",
    }


class RefreshRefused(_Coded):
    """A refresh token or expired JWT that yields no new tokens; `code` says why."""

    code = "refresh_refused"
    TEXTS: ClassVar = {
        "refresh_malformed": "not a refresh token",
        "refresh_unknown": "no refresh record for this token",
        "refresh_idle": "the refresh record was not used for too long",
        "refresh_expired": "the refresh record reached its absolute end",
        "refresh_revoked": "the refresh record was revoked",
        "refresh_reused": "used again after the grace; its family and session were revoked",
        "renewal_too_early": "the access token is still good",
        "token_invalid": "not an access token that this issuer signed",
        "token_revoked": "this very access token was revoked by an order",
        "session_ended": "the session was ended",
        "session_idle": "the session was not used for too long",
        "session_expired": "the session reached its absolute end",
        "session_revoked": "the user's sessions up to this epoch were ended",
        "user_disabled": "the user is disabled",
    }


class LinkRefused(_Coded):
    """A one-time link that leads to nothing; `code` says why."""

    code = "link_refused"
    TEXTS: ClassVar = {
        "link_malformed": "not a link of ours",
        "link_unknown": "no such link: used, replaced or never sent",
        "link_of_another_purpose": "the link is good for something else",
        "link_expired": "the link reached its end",
        "link_revoked": "what the user held up to this epoch was ended",
        "link_elsewhere": "the link was sent to a mailbox that is no longer the user's",
        "link_beaten": "the address was taken by another account meanwhile",
        "user_disabled": "the user is disabled",
    }


class MailFailed(AuthError):
    """A mail could not be sent just now; it may be later. The text names no address."""

    code = "mail_failed"


class MailRefused(AuthError):
    """A mail can't be sent to this address, now or later. The text names no address."""

    code = "mail_refused"


class Contended(AuthError):
    """Others changed the same things again and again; the same request may well succeed in a moment."""

    code = "contended"

    def __init__(self) -> None:
        super().__init__("too many changes at the same moment")


class PasswordsBusy(AuthError):
    """Too many passwords wait to be hashed; the same request may well succeed in a moment."""

    code = "passwords_busy"

    def __init__(self) -> None:
        super().__init__("too many passwords wait to be hashed")


class StorageUnavailable(AuthError):
    """The storage cannot answer now (locked, full, closed); what was acknowledged before is safe."""

    code = "storage_unavailable"


class RecipientUnknown(AuthError):
    """Tokens are to be encrypted, and the Service's key could not be read yet."""

    code = "recipient_unknown"

    def __init__(self) -> None:
        super().__init__("the key that access tokens are encrypted to is not known yet")


class KeysUnavailable(AuthError):
    """No signing key is loaded yet."""

    code = "keys_unavailable"

    def __init__(self) -> None:
        super().__init__("no signing key is loaded")


class SealBroken(AuthError):
    """Something sealed cannot be opened: it was altered, or the key-encryption key is another one."""

    code = "seal_broken"

    def __init__(self) -> None:
        super().__init__("sealed data does not open; is this the right key-encryption key?")
