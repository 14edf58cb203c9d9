"""Where Auth has a Service's key from: what it takes, and how it goes on when it gets nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from gatepass import recipient_keys
from gatepass.auth import Recipient, RecipientUnknown
from gatepass.jose import Key, KeySet, jwt
from gatepass.recipient_keys import RecipientRefused, keep_recipient, read_recipient
from gatepass.verifier import Document, FetchFailed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

ALG = "ECDH-ES+A256KW"
KEY, NEW, RSA, SIGNS = (
    Key.generate(ALG),
    Key.generate(ALG),
    Key.generate("RSA-OAEP-256"),
    Key.generate("ES256"),
)
URL = "https://clinic.test/jwks.json"


def jwks(*keys: Key) -> bytes:
    return msgspec.json.encode(KeySet([key.public() for key in keys]).to_jwks())


def one(key: Key) -> bytes:
    return msgspec.json.encode(key.public().to_jwk())


GOOD = {
    "a JWK": one(KEY),
    "a JWK Set among whose keys it is": jwks(SIGNS, RSA, KEY, NEW),
    "PEM": KEY.to_pem(),
    "a JWK that names no algorithm": msgspec.json.encode(
        {name: value for name, value in KEY.public().to_jwk().items() if name != "alg"}
    ),
}
BAD = {
    "a private JWK": msgspec.json.encode(KEY.to_private_jwk()),
    "a private PEM": KEY.to_private_pem(),
    "a set with a private key in it": msgspec.json.encode({"keys": [KEY.to_private_jwk()]}),
    "a key for signing": one(SIGNS),
    "a key for another algorithm": one(RSA),
    "an empty set": b'{"keys": []}',
    "a page": b"<html>",
    "nothing": b"",
    "an unclosed brace": b"{",
    "a number": b'{"keys": 5}',
    "no text": b"\x80\xff",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_public_key_is_read(name: str) -> None:
    key = read_recipient(GOOD[name], ALG)
    assert key.thumbprint() == KEY.thumbprint()
    Recipient(enc="A256GCM", key=key)


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(RecipientRefused) as caught:
        read_recipient(BAD[name], ALG)
    assert str(KEY.to_private_jwk()["d"]) not in str(caught.value)


class Line:
    """Gives each answer in turn, then says that it gave the last one."""

    def __init__(self, *answers: bytes | str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.empty = asyncio.Event()
        self.closed = False

    async def get(self, url: str, *, patience: float = 0) -> Document:
        self.asked.append(url)
        if not self.answers:
            self.empty.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if answer == "a bug":
            raise ZeroDivisionError
        if isinstance(answer, str):
            raise FetchFailed(answer)
        return Document(answer, 0)

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        raise NotImplementedError

    def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        raise NotImplementedError

    async def close(self) -> None:
        self.closed = True


async def after(monkeypatch: pytest.MonkeyPatch, *answers: bytes | str) -> tuple[Recipient, Line]:
    """Follow until all answers were given."""
    for limit in ("SHORTEST", "FIRST_RETRY", "LONGEST_RETRY"):
        monkeypatch.setattr(recipient_keys, limit, 0.0)
    recipient, line = Recipient(enc="A256GCM"), Line(*answers)
    following = asyncio.create_task(keep_recipient(recipient, URL, ALG, make_fetch=lambda: line))
    await asyncio.wait_for(line.empty.wait(), 60)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert line.closed
    return recipient, line


def kid_of(recipient: Recipient) -> object:
    return jwt.peek_header(recipient.seal("a.b.c", entropy=lambda size: bytes(size)))["kid"]


async def test_the_key_is_fetched_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    recipient, line = await after(monkeypatch, jwks(KEY))
    assert kid_of(recipient) == KEY.kid
    assert set(line.asked) == {URL}
    recipient, _ = await after(monkeypatch, jwks(KEY), jwks(NEW, KEY))
    assert kid_of(recipient) == NEW.kid


async def test_what_fails_replaces_nothing_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recipient, _ = await after(monkeypatch, jwks(KEY), "unreachable", b"<html>", jwks(SIGNS), "redirected")
    assert kid_of(recipient) == KEY.kid
    assert caplog.text.count("was not fetched") == 4
    recipient, _ = await after(monkeypatch, "timed_out", jwks(KEY))
    assert kid_of(recipient) == KEY.kid
    recipient, _ = await after(monkeypatch, "unreachable")
    with pytest.raises(RecipientUnknown):
        kid_of(recipient)


async def test_an_error_that_nobody_thought_of_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    recipient, _ = await after(monkeypatch, "a bug", jwks(KEY))
    assert kid_of(recipient) == KEY.kid
    assert "ZeroDivisionError" in caplog.text
