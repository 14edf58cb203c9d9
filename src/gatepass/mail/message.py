"""A letter as a message (RFC 5322): plain text, no tracking, and no header by injection."""

from __future__ import annotations

from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

from gatepass.auth import MailRefused

if TYPE_CHECKING:
    from datetime import datetime

    from gatepass.auth import Letter


def message_of(letter: Letter, *, sender: str, at: datetime) -> EmailMessage:
    """Write the message. Raises `MailRefused` for a text that no header can hold.

    The library refuses CR and LF in a header, so nobody adds one (a `Bcc`) through an address or a name.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        recipients = message["To"].addresses
    except (ValueError, IndexError, MessageError):
        raise MailRefused("the address or the subject fits in no header") from None
    if len(recipients) != 1 or f"{recipients[0].username}@{recipients[0].domain}" != letter.to:
        raise MailRefused("the address is not one address")
    message["Date"] = format_datetime(at)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip(" >") or "localhost")
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no out-of-office notes back
    message.set_content(letter.text, cte="quoted-printable" if not letter.text.isascii() else "7bit")
    return message
