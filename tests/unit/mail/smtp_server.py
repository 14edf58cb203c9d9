"""A mail server of a few words, for the tests: STARTTLS, AUTH PLAIN, and whatever answers a test wants."""

from __future__ import annotations

import datetime
import ipaddress
import socketserver
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class SmtpServer:
    """What the server says, and what it was told."""

    port: int = 0
    starttls: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    """Word of the client → another answer than the usual one."""
    told: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Give a server's context for 127.0.0.1, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "mail.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cadata=made.public_bytes(serialization.Encoding.PEM).decode())


@contextmanager
def running(server: SmtpServer, context: ssl.SSLContext, *, encrypted: bool = False) -> Iterator[SmtpServer]:
    """Serve on loopback until the end; `encrypted` from the first byte."""

    class Handler(_Conversation):
        pass

    Handler.server_of_words, Handler.context, Handler.encrypted = server, context, encrypted
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listening:
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


class _Conversation(socketserver.StreamRequestHandler):
    """One connection."""

    server_of_words: SmtpServer
    context: ssl.SSLContext
    encrypted: bool

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # a client that does not like our certificate hangs up
            if self.encrypted:
                self._encrypt()
            self._say("220 ready")
            while line := self.rfile.readline().decode().rstrip("\r\n"):
                self.server_of_words.told.append(line)
                self._answer(line.partition(" ")[0].upper())

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()
        self.connection.close()

    def _answer(self, word: str) -> None:
        known = self.server_of_words
        if word in known.answers:
            self._say(known.answers[word])
        elif word == "EHLO":
            self._say("250-mail", *(["250-STARTTLS"] if known.starttls else []), "250 AUTH PLAIN")
        elif word == "STARTTLS":
            self._say("220 go on")
            self._encrypt()
        elif word == "DATA":
            self._say("354 go on")
            known.mails.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
            self._say("250 taken")
        else:
            self._say({"AUTH": "235 welcome", "QUIT": "221 bye"}.get(word, "250 fine"))

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _encrypt(self) -> None:
        self.rfile.close()
        self.wfile.close()
        self.connection = self.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)
