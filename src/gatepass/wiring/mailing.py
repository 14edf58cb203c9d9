"""Which mailer sends, and the task that carries mails to it."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatepass.auth import Auth, AuthError, Secret, usecases
from gatepass.mail import ConsoleMailer, FolderMailer, Security, SmtpMailer
from gatepass.wiring.errors import WiringError
from gatepass.wiring.private_files import read_private

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatepass.auth import Mailer
    from gatepass.settings import Mail

_LOG: Final = logging.getLogger("gatepass")

# Between two looks for mails that wait: soon enough for who looks at their mailbox, and a look costs a few
# microseconds. Seconds.
MAILS_EVERY: Final = 1.0


def mailer_of(mail: Mail, env: Mapping[str, str]) -> Mailer:
    """Make the mailer that the settings ask for; loudly, where it sends nothing. Raises `WiringError`."""
    if mail.transport == "folder":
        _LOG.warning("NO MAIL IS SENT: mails are written to %s ([mail] in the settings)", mail.folder)
        return FolderMailer(Path(mail.folder), sender=mail.sender)
    if mail.transport == "console":
        _LOG.warning("NO MAIL IS SENT: mails, links and all, are printed here ([mail] in the settings)")
        return ConsoleMailer(sender=mail.sender)
    return SmtpMailer(
        mail.host,
        mail.port,
        sender=mail.sender,
        security=Security(mail.security),
        username=mail.username,
        password=None if mail.username is None else _mail_password(mail, env),
    )


def _mail_password(mail: Mail, env: Mapping[str, str]) -> Secret:
    if "GATEPASS_MAIL_PASSWORD" in env:
        return Secret(env["GATEPASS_MAIL_PASSWORD"].encode())
    if mail.password_file is None:
        raise WiringError("mail.username needs mail.password_file, or the variable GATEPASS_MAIL_PASSWORD")
    what = "password of the mail server"
    return Secret(read_private(mail.password_file, what=what, hint="write it there, mode 0600").strip())


async def carry_mails(auth: Auth, mailer: Mailer) -> None:
    """Send the mails that wait, for ever, one after the other."""
    while True:
        tried = False
        try:
            tried = await usecases.send_mail(auth, mailer, now=time.time())
        except AuthError as error:
            _LOG.warning("sending mails failed: %s (%s)", error.code, error)
        except Exception:
            _LOG.exception("sending mails failed")
        if not tried:
            await asyncio.sleep(MAILS_EVERY)
