"""How mails leave: over SMTP, or for development into a folder or onto the console."""

from gatepass.mail.paper import ConsoleMailer, FolderMailer
from gatepass.mail.smtp import Security, SmtpMailer

__all__ = ["ConsoleMailer", "FolderMailer", "Security", "SmtpMailer"]
