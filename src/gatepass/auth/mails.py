"""Mails: what waits to be sent, for how long it is tried, and the few words that stand in each.

A mail is queued in the commit of its cause, and names its kind and its user, never a secret: a link is made
when the mail goes out. Nothing that a person typed is part of the words, so nobody can speak through us.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth.links import Purpose
from gatepass.auth.terms import DAY
from gatepass.auth.users import UserStatus

if TYPE_CHECKING:
    from gatepass.auth.opaque import LinkSecret
    from gatepass.auth.terms import Terms
    from gatepass.auth.users import User


class MailKind(StrEnum):
    """What a mail is about."""

    INVITE = "invite"
    RESET = "reset"
    CONFIRM_EMAIL = "confirm_email"
    """To the new mailbox."""
    EMAIL_CHANGING = "email_changing"
    """To the old mailbox, while the new one is asked."""
    EMAIL_CHANGED = "email_changed"
    """To the old mailbox."""
    ADDRESS_ASKED = "address_asked"
    """To who has the address that somebody else asked for; nobody but them hears that it is taken."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (a name)


PURPOSES: Final = {
    MailKind.INVITE: Purpose.INVITE,
    MailKind.RESET: Purpose.RESET,
    MailKind.CONFIRM_EMAIL: Purpose.EMAIL,
}
"""Which mails carry a link."""

NOTICES_TRIED: Final = DAY
"""Seconds that a mail without a link is tried: later it would only confuse."""


class Mail(msgspec.Struct, frozen=True):
    """A mail that waits; times are seconds since the epoch."""

    id: str
    kind: MailKind
    user_id: str | None
    """None: nobody has the address. It is queued all the same, so that the answer takes the same work."""
    email: str
    epoch: int
    """The user's epoch when it was queued."""
    next_at: float
    """When it is tried next."""
    tries: int
    ends_at: float
    """When it is given up."""

    def __repr__(self) -> str:
        return f"Mail({self.id!r}, {self.kind.value!r})"


class Letter(msgspec.Struct, frozen=True):
    """A mail as it goes out; the text may hold a link, so it never shows itself."""

    to: str
    subject: str
    text: str

    def __repr__(self) -> str:
        return "<Letter>"


def queued(kind: MailKind, user: User | None, *, email: str, mail_id: str, terms: Terms, now: float) -> Mail:
    """Make a mail that goes out as soon as can be; with a link it is tried for as long as the link lasts."""
    purpose = PURPOSES.get(kind)
    if purpose is None:
        tried: int = NOTICES_TRIED
    else:
        tried = terms.invite_lifetime if purpose is Purpose.INVITE else terms.link_lifetime
    user_id, epoch = (None, 0) if user is None else (user.id, user.epoch)
    return Mail(mail_id, kind, user_id, email, epoch, now, 0, now + tried)


def pause(tries: int) -> float:
    """Say how many seconds after a try the next one is due: a minute, two, four, …, an hour at most.

    The first is longer than a try can take, so that no other process begins the same one meanwhile.
    """
    return float(min(60 * 2 ** min(tries, 6), 3_600))


def is_wanted(mail: Mail, user: User | None, *, now: float) -> bool:
    """Say whether the mail still has a reader: what it would bring may have died while it waited."""
    if user is None or now >= mail.ends_at:
        return False
    if mail.kind not in PURPOSES:
        return True
    if user.status is UserStatus.DISABLED or mail.epoch < user.revoked_below:
        return False
    if mail.kind is MailKind.INVITE and user.status is not UserStatus.INVITED:
        return False
    return mail.kind is MailKind.CONFIRM_EMAIL or mail.email == user.email


def letter(mail: Mail, *, secret: LinkSecret | None, terms: Terms) -> Letter:
    """Write the mail; the link begins with the issuer, never with what a request says of its host."""
    site = terms.audience
    subject, *lines = _WORDS[mail.kind]
    address = ""
    if secret is not None:
        path = "confirm-email" if mail.kind is MailKind.CONFIRM_EMAIL else "set-password"
        address = f"{terms.issuer}/{path}?link={secret.reveal()}"
    lasts = _span(terms.invite_lifetime if mail.kind is MailKind.INVITE else terms.link_lifetime)
    text = "\n".join(lines).format(site=site, address=address, lasts=lasts, login=f"{terms.issuer}/login")
    return Letter(mail.email, subject.format(site=site), f"{text}\n")


_WORDS: Final[dict[MailKind, tuple[str, ...]]] = {
    MailKind.INVITE: (
        "Your account at {site}",
        "Hello,",
        "",
        "there is an account for you at {site}. Choose your password here:",
        "",
        "{address}",
        "",
        "The link works once, within {lasts}. If you want no account there, do nothing.",
    ),
    MailKind.RESET: (
        "A new password for {site}",
        "Hello,",
        "",
        "somebody, probably you, asked for a new password at {site}. Choose it here:",
        "",
        "{address}",
        "",
        "The link works once, within {lasts}. If you did not ask, do nothing: your password stays as it is.",
    ),
    MailKind.CONFIRM_EMAIL: (
        "Confirm your e-mail address for {site}",
        "Hello,",
        "",
        "this address is to become the one of an account at {site}. Confirm it here:",
        "",
        "{address}",
        "",
        "The link works once, within {lasts}. If you did not ask, do nothing.",
    ),
    MailKind.EMAIL_CHANGING: (
        "Your e-mail address at {site} is about to change",
        "Hello,",
        "",
        "somebody who knows your password asked to change the e-mail address of your account at {site}.",
        "If that was not you, change your password now, which stops it:",
        "",
        "{login}",
    ),
    MailKind.EMAIL_CHANGED: (
        "Your e-mail address at {site} has changed",
        "Hello,",
        "",
        "your account at {site} has another e-mail address now; this one no longer opens it.",
        "If you did not want that, tell the people who run {site}.",
    ),
    MailKind.ADDRESS_ASKED: (
        "Somebody asked for your e-mail address at {site}",
        "Hello,",
        "",
        "somebody asked for this e-mail address at {site}, where you have an account with it already.",
        "Nothing has changed. If that was you, log in, or choose 'Forgot your password?', at",
        "",
        "{login}",
    ),
    MailKind.PASSWORD_CHANGED: (
        "Your password at {site} has changed",
        "Hello,",
        "",
        "your account at {site} has a new password, and everything that was logged in is logged out.",
        "If that was not you, choose another one now, by 'Forgot your password?' at",
        "",
        "{login}",
    ),
}
"""The subject, then the lines."""


def _span(seconds: int) -> str:
    for unit, size in (("day", DAY), ("hour", 3_600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{seconds} seconds"
