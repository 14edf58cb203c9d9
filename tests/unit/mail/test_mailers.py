"""Mails leave over TLS to whom they are for, or not at all."""

from __future__ import annotations

import asyncio
import email
import email.policy
import io
import logging
import ssl
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.ports import free_port
from tests.unit.mail.smtp_server import SmtpServer, certificate, running

from gatepass.auth import Letter, MailFailed, MailRefused, Secret
from gatepass.mail import ConsoleMailer, FolderMailer, Security, SmtpMailer
from gatepass.mail.message import message_of

if TYPE_CHECKING:
    from pathlib import Path

LETTER = Letter(
    "ada@example.org", "A new password", "Hello,\n\nhttps://login.example.org/set-password?link=gpl_x\n"
)
SENDER = "Clinic <no-reply@clinic.example>"
AT = datetime(2027, 1, 15, tzinfo=UTC)

Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


@pytest.fixture
def contexts(tmp_path: Path) -> Contexts:
    """Give the server's side and the client's."""
    return certificate(tmp_path)


def mailer(server: SmtpServer, context: ssl.SSLContext | None, **choices: object) -> SmtpMailer:
    return SmtpMailer("127.0.0.1", server.port, sender=SENDER, context=context, **choices)  # type: ignore[arg-type]


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_mail_goes_out_encrypted_with_name_and_password(
    contexts: Contexts, security: Security
) -> None:
    theirs, ours = contexts
    with running(SmtpServer(), theirs, encrypted=security is Security.TLS) as server:
        sending = mailer(server, ours, security=security, username="clinic", password=Secret(b"hunter2"))
        await sending.send(LETTER)
    message = email.message_from_string(server.mails[0], policy=email.policy.SMTP)
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, LETTER.to, LETTER.subject)
    assert message.get_content_type() == "text/plain"
    assert "?link=gpl_x" in message.get_content()
    login = next(line for line in server.told if line.startswith("AUTH"))
    assert security is Security.TLS or server.told.index("STARTTLS") < server.told.index(login)


@pytest.mark.parametrize(
    ("offers", "trusted"), [(False, True), (True, False)], ids=["no STARTTLS", "a certificate of nobody's"]
)
async def test_without_encryption_nothing_is_told(contexts: Contexts, offers: bool, trusted: bool) -> None:
    theirs, ours = contexts
    with running(SmtpServer(starttls=offers), theirs) as server:
        sending = mailer(server, ours if trusted else None, username="clinic", password=Secret(b"hunter2"))
        with pytest.raises(MailFailed):
            await sending.send(LETTER)
    assert {line.partition(" ")[0].upper() for line in server.told} <= {"EHLO", "STARTTLS", "QUIT"}


ANSWERS = {
    "no such mailbox": ({"RCPT": "550 no such user ada@example.org"}, MailRefused),
    "a mailbox that is full for now": ({"RCPT": "452 full"}, MailFailed),
    "a sender that is not theirs": ({"MAIL": "553 not yours"}, MailRefused),
    "too busy": ({"DATA": "451 later"}, MailFailed),
    "a password that is wrong, which is mended": ({"AUTH": "535 no"}, MailFailed),
    "not at home": ({"EHLO": "421 closing", "HELO": "421 closing"}, MailFailed),
}


@pytest.mark.parametrize(("answers", "error"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_for_now_is_told_from_for_ever_and_nothing_secret_is_said(
    contexts: Contexts, caplog: pytest.LogCaptureFixture, answers: dict[str, str], error: type[Exception]
) -> None:
    caplog.set_level(logging.DEBUG, "gatepass")
    theirs, ours = contexts
    with running(SmtpServer(answers=answers), theirs) as server:
        sending = mailer(server, ours, username="clinic", password=Secret(b"hunter2"))
        with pytest.raises(error) as failed:
            await sending.send(LETTER)
    for text in (caplog.text, str(failed.value), repr(sending)):
        assert not [secret for secret in ("hunter2", "gpl_x", "ada@example.org") if secret in text]


async def test_a_server_that_is_down_is_tried_again(contexts: Contexts) -> None:
    with pytest.raises(MailFailed):
        await mailer(SmtpServer(port=free_port()), contexts[1]).send(LETTER)


INJECTIONS = {
    "a second header by the address": Letter("ada@example.org\r\nBcc: eve@example.org", "s", "t"),
    "by a bare line feed": Letter("ada@example.org\nBcc: eve@example.org", "s", "t"),
    "by the subject": Letter("ada@example.org", "s\r\nBcc: eve@example.org", "t"),
    "two addresses": Letter("ada@example.org, eve@example.org", "s", "t"),
    "a name and another address": Letter("ada@example.org <eve@example.org>", "s", "t"),
    "a group": Letter("all: ada@example.org, eve@example.org;", "s", "t"),
    "nobody": Letter("", "s", "t"),
}


@pytest.mark.parametrize("letter", INJECTIONS.values(), ids=INJECTIONS.keys())
def test_nobody_adds_a_header_or_a_reader(letter: Letter) -> None:
    with pytest.raises(MailRefused):
        message_of(letter, sender=SENDER, at=AT)


def test_what_looks_like_a_header_in_the_text_stays_text() -> None:
    letter = Letter("ada@example.org", "s", "Bcc: eve@example.org\r\n\r\n.\r\nMAIL FROM:<x>\n")
    message = email.message_from_bytes(message_of(letter, sender=SENDER, at=AT).as_bytes())
    assert message["Bcc"] is None
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }


async def test_a_folder_keeps_one_file_for_each_mail_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    sending = FolderMailer(folder, sender=SENDER)
    for _ in range(2):
        await sending.send(LETTER)
    files = sorted(folder.iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert "?link=gpl_x" in email.message_from_bytes(files[0].read_bytes()).get_payload()


def test_an_address_leads_out_of_no_folder(tmp_path: Path) -> None:
    letter = Letter("../../etc/x@example.org", "s", "t")
    asyncio.run(FolderMailer(tmp_path / "mails", sender=SENDER).send(letter))
    assert [file.parent for file in tmp_path.rglob("*.eml")] == [tmp_path / "mails"]


async def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file")
    with pytest.raises(MailFailed):
        await FolderMailer(tmp_path / "mails", sender=SENDER).send(LETTER)


async def test_the_console_shows_it() -> None:
    stream = io.StringIO()
    await ConsoleMailer(sender=SENDER, stream=stream).send(LETTER)
    assert "?link=gpl_x" in stream.getvalue()
