"""Queue a mail: what every use case that has one sent puts into its commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import mails
from gatepass.auth.changes import MailQueued
from gatepass.auth.opaque import new_id

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.mails import MailKind
    from gatepass.auth.users import User


def mail(auth: Auth, kind: MailKind, user: User | None, *, email: str, now: float) -> MailQueued:
    """Say what is written for a mail to go out."""
    made = mails.queued(kind, user, email=email, mail_id=new_id(auth.entropy), terms=auth.terms, now=now)
    return MailQueued(made)
