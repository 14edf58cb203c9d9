"""Mails that do not leave, for development: into a folder, or onto the console."""

from __future__ import annotations

import os
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

from gatepass.auth import MailFailed
from gatepass.mail.message import message_of

if TYPE_CHECKING:
    from pathlib import Path

    from gatepass.auth import Letter


class FolderMailer:
    """One file for each mail, for the owner's eyes alone: whoever reads it can use the link in it."""

    def __init__(self, folder: Path, *, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        """Write a file that sorts by time. Raises `MailFailed`, `MailRefused`."""
        at = datetime.now(UTC)
        message = message_of(letter, sender=self._sender, at=at)
        name = f"{at:%Y%m%dT%H%M%S.%f}-{re.sub('[^a-z0-9@.-]', '_', letter.to)[:80]}.eml"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(message.as_bytes())
        except OSError as error:
            raise MailFailed(f"can't write to the folder of mails: {error.strerror}") from None


class ConsoleMailer:
    """Onto standard error, where a developer looks."""

    def __init__(self, *, sender: str, stream: TextIO | None = None) -> None:
        self._sender = sender
        self._stream = stream

    async def send(self, letter: Letter) -> None:
        """Print it. Raises `MailRefused`."""
        message_of(letter, sender=self._sender, at=datetime.now(UTC))  # refuses what SMTP would
        stream = self._stream or sys.stderr
        stream.write(f"\n--- To: {letter.to}\n--- {letter.subject}\n{letter.text}---\n")
        stream.flush()
