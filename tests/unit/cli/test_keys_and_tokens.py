"""`gatepass key …` and `gatepass token sign|verify|encrypt|decrypt`: round trips, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gatepass.cli import main

if TYPE_CHECKING:
    from pathlib import Path

CLAIMS = ["--claim", "iss=https://a.example", "--claim", "aud=clinic", "--claim", "sub=ann"]
POLICY = ["--issuer", "https://a.example", "--audience", "clinic", "--typ", "x+jwt"]


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.mark.parametrize("alg", ["ES256", "Ed25519", "PS256", "HS256"])
def test_a_token_is_signed_and_verified(alg: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private = str(tmp_path / "private.jwk")
    say(capsys, "key", "generate", alg, "--out", private)
    assert (tmp_path / "private.jwk").stat().st_mode & 0o777 == 0o600
    more = ["--claim", 'roles=["doctor"]', "--typ", "x+jwt"]
    token = say(capsys, "token", "sign", "--key", private, *CLAIMS, *more).strip()
    told = json.loads(say(capsys, "token", "verify", token, "--key", private, *POLICY, "--json"))
    assert told["claims"]["roles"] == ["doctor"]
    assert main(["token", "verify", token[:-4] + "AAAA", "--key", private, *POLICY]) == 1
    assert "refused" in capsys.readouterr().err


@pytest.mark.parametrize("alg", ["ECDH-ES", "RSA-OAEP-256", "A256KW"])
def test_a_token_is_encrypted_and_decrypted(
    alg: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private = str(tmp_path / "private.jwk")
    say(capsys, "key", "generate", alg, "--out", private)
    token = say(capsys, "token", "encrypt", "--key", private, "--typ", "x+jwt", *CLAIMS).strip()
    assert json.loads(say(capsys, "token", "decrypt", token, "--key", private, *POLICY))["sub"] == "ann"
    assert main(["token", "decrypt", token, "--key", private, *POLICY, "--enc", "A128GCM"]) == 1


def test_the_public_half_is_what_convert_gives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private = str(tmp_path / "private.jwk")
    say(capsys, "key", "generate", "ES256", "--out", private)
    public = json.loads(say(capsys, "key", "convert", private))
    assert "d" not in public
    pem = tmp_path / "public.pem"
    say(capsys, "key", "convert", private, "--to", "pem", "--out", str(pem))
    assert pem.read_text().startswith("-----BEGIN PUBLIC KEY-----")
    again = json.loads(say(capsys, "key", "convert", str(pem), "--alg", "ES256"))
    assert (again["x"], again["kid"]) == (public["x"], public["kid"])
    secret = json.loads(say(capsys, "key", "convert", private, "--private"))
    assert "d" in secret
    assert secret["d"] not in say(capsys, "key", "show", private)
    assert secret["d"] not in say(capsys, "key", "show", private, "--json")


def test_a_shared_secret_has_no_public_half(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "secret.jwk"
    say(capsys, "key", "generate", "HS256", "--out", str(secret))
    assert json.loads(secret.read_text())["k"] not in say(capsys, "key", "show", str(secret))
    assert main(["key", "convert", str(secret)]) == 1


FAILURES = {
    "a file that is there": ["key", "generate", "ES256", "--out", "{key}"],
    "a file that is not": ["key", "show", "{key}.none"],
    "a claim that is filled in": ["token", "sign", "--key", "{key}", "--typ", "x", "--claim", "exp=1"],
    "rubbish": ["key", "show", "{rubbish}", "--alg", "ES256"],
    "rubbish that begins well": ["key", "show", "{brace}"],
}
MISUSES = {
    "an algorithm that is none": ["key", "generate", "none"],
    "PEM without algorithm": ["key", "show", "{rubbish}"],
    "a claim without value": ["token", "sign", "--key", "{key}", "--typ", "x", "--claim", "exp"],
    "a leeway of an hour": ["token", "verify", "a.b.c", "--key", "{key}", *POLICY, "--leeway", "3600"],
}


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    made = {name: str(tmp_path / name) for name in ("key", "rubbish", "brace")}
    say(capsys, "key", "generate", "ES256", "--out", made["key"])
    (tmp_path / "rubbish").write_text("rubbish")
    (tmp_path / "brace").write_text("{")
    return made


@pytest.mark.parametrize("name", FAILURES)
def test_failures_have_words_and_code_1(
    name: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument.format(**files) for argument in FAILURES[name]]) == 1
    assert capsys.readouterr().err.startswith("gatepass: ")


@pytest.mark.parametrize("name", MISUSES)
def test_misuses_have_the_usage_and_code_2(
    name: str, files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main([argument.format(**files) for argument in MISUSES[name]])
    assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err
