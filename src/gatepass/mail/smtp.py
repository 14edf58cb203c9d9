"""SMTP (RFC 5321) in a thread: only who works off the queue waits for it, one mail at a time."""

from __future__ import annotations

import asyncio
import logging
import smtplib
import ssl
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gatepass.auth import MailFailed, MailRefused
from gatepass.mail.message import message_of

if TYPE_CHECKING:
    from email.message import EmailMessage

    from gatepass.auth import Letter, Secret

_LOG: Final = logging.getLogger("gatepass.mail")

TIMEOUT: Final = 10.0
"""Seconds for each word of the server; a try of a few words ends before the next one is due."""


class Security(StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    """Begun in the clear and then encrypted, or not used (RFC 3207); port 587."""
    TLS = "tls"
    """Encrypted from the first byte (RFC 8314); port 465."""
    NONE = "none"
    """In the clear: for a mail server on this very machine alone."""


class SmtpMailer:
    """Hands mails to a server. Whoever it claims to be, its certificate must say so too."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        sender: str,
        security: Security = Security.STARTTLS,
        username: str | None = None,
        password: Secret | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._sender = sender
        self._security = security
        self._username = username
        self._password = password
        self._context = context or ssl.create_default_context()

    def __repr__(self) -> str:
        return f"SmtpMailer({self._host!r}, {self._port}, security={self._security.value!r})"

    async def send(self, letter: Letter) -> None:
        """Hand the mail over. Raises `MailFailed`, `MailRefused`; the log gets the server's code, never its
        words, which may repeat an address."""
        message = message_of(letter, sender=self._sender, at=datetime.now(UTC))
        try:
            await asyncio.to_thread(self._hand_over, message)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise self._failure("recipient", codes[0] if codes else 0) from None
        except smtplib.SMTPResponseException as error:
            # A wrong password is the operator's to mend, and then the mail goes out.
            lasting = error.smtp_code if not isinstance(error, smtplib.SMTPAuthenticationError) else 0
            _LOG.warning("mail: the server answered %s (%s)", error.smtp_code, type(error).__name__)
            raise self._failure(type(error).__name__, lasting) from None
        except smtplib.SMTPNotSupportedError as error:
            _LOG.warning("mail: the server lacks what is needed: %s", type(error).__name__)
            raise MailFailed("the server does not offer what is needed") from None
        except (smtplib.SMTPException, OSError) as error:
            _LOG.warning("mail: no connection to %s:%s: %s", self._host, self._port, type(error).__name__)
            raise MailFailed(f"no connection: {type(error).__name__}") from None

    def _failure(self, what: str, code: int) -> MailFailed | MailRefused:
        """Tell for now from for ever (RFC 5321 §4.2.1)."""
        if 500 <= code < 600:
            return MailRefused(f"{what}: refused with {code}")
        return MailFailed(f"{what}: put off with {code}")

    def _hand_over(self, message: EmailMessage) -> None:
        if self._security is Security.TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT, context=self._context
            )
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
        with connection:
            if self._security is Security.STARTTLS:
                connection.starttls(context=self._context)  # raises where the server has none: never without
            if self._username is not None and self._password is not None:
                connection.login(self._username, self._password.reveal().decode())
            connection.send_message(message)
