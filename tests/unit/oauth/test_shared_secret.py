"""What may be a shared secret, and that it shows nowhere."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from gatepass.jose import Key
from gatepass.oauth import SecretRefused, SharedSecrets, new_shared_secret


def text_of(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode()


GOOD = "Wc3rPpE5nbnmDdAiUFBq0YtRhxOqbqNy8kJp7Kp1MWQ"
OTHER = "b1yqV3gN5hKZk0m2Tt0e8yXQJrLwA9cUu4sVfD7iHnE"

WEAK: dict[str, str] = {
    "nothing": "",
    "31 bytes": text_of(bytes.fromhex("5a") + os.urandom(30)),
    "65 bytes": text_of(os.urandom(65)),
    "all zeros": text_of(bytes(32)),
    "all the same byte": text_of(b"\xa7" * 32),
    "eight bytes, over and over": text_of(bytes.fromhex("f1c29b0417ee5d83") * 4),
    "sixteen bytes, twice": text_of(bytes.fromhex("f1c29b0417ee5d83a06b2f94d8713ce5") * 2),
    "sixteen bytes, twice and a half": text_of(bytes.fromhex("f1c29b0417ee5d83a06b2f94d8713ce5") * 3)[:54],
    "counting up": text_of(bytes(range(32))),
    "counting down by threes": text_of(bytes((200 - 3 * i) % 256 for i in range(32))),
    "a password": text_of(b"correct horse battery staple, and more of it"),
    "a PEM": text_of(Key.generate("ES256").to_pem()[:60]),
    "a password that happens to be base64url": "correct-horse-battery-staple-correct-horse-xx",
    "the same in capitals": "CORRECT-HORSE-BATTERY-STAPLE-CORRECT-HORSE-XX",
    "RFC 7515 A.1": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "RFC 7520 §3.5": "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    "padded": GOOD + "=",
    "base64 with the other alphabet": GOOD.replace("b", "+"),
    "not canonical": GOOD[:-1] + "R",
    "a space in it": GOOD[:20] + " " + GOOD[20:],
    "not ASCII": "ä" * 43,
    "five of them": "\n".join(new_shared_secret(os.urandom) for _ in range(5)),
    "the same twice": f"{GOOD}\n{GOOD}",
    "a good one and a weak one": f"{GOOD}\n{text_of(bytes(32))}",
}


@pytest.mark.parametrize("name", WEAK)
def test_a_weak_secret_is_refused_and_not_repeated(name: str) -> None:
    weak = WEAK[name]
    for given in (weak, weak.encode()):
        with pytest.raises(SecretRefused) as caught:
            SharedSecrets.parse(given)
        assert caught.value.code == "secret_refused"
        for line in filter(None, weak.splitlines()):
            assert line not in str(caught.value)


def test_a_random_one_is_good_and_so_is_one_that_was_made() -> None:
    """The twin."""
    assert SharedSecrets.parse(GOOD).signing.alg == "HS256"
    for _ in range(200):
        SharedSecrets.parse(text_of(os.urandom(32)))
    assert len(SharedSecrets.parse(new_shared_secret(os.urandom)).keys) == 1


def test_the_maker_takes_no_weak_one_from_its_source() -> None:
    drawn = iter(
        [
            bytes(32),
            bytes(range(32)),
            bytes.fromhex("59cdeb3e913b9db9e60dd0225054ead18b51c7138aa6ea3732f24269ecaa7531"),
        ]
    )
    made = new_shared_secret(lambda _: next(drawn))
    assert made.startswith("Wc3r")


def test_the_first_signs_and_comments_are_passed_over() -> None:
    secrets = SharedSecrets.parse(f"# the new one\n{OTHER}\n\n  # the old one\n  {GOOD}  \n")
    assert secrets.signing.kid == SharedSecrets.parse(OTHER).signing.kid
    assert [key.kid for key in secrets.keys] == [
        SharedSecrets.parse(text).signing.kid for text in (OTHER, GOOD)
    ]
    with pytest.raises(SecretRefused, match="line 3"):
        SharedSecrets.parse(f"#\n{GOOD}\nshort")


def test_they_show_nowhere_and_cannot_be_changed() -> None:
    secrets: Any = SharedSecrets.parse(GOOD)
    for shown in (repr(secrets), str(secrets), repr(secrets.signing), repr(secrets.keys), f"{secrets}"):
        assert GOOD not in shown
        assert "Wc3r" not in shown
    with pytest.raises(AttributeError):
        secrets.signing = None
