"""`gatepass token show`: what a person sees of a token, and what they are warned of."""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from gatepass.cli import main
from gatepass.cli.token_words import warnings_of
from gatepass.jose import Key, jwt
from gatepass.testing import FakeIssuer

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
KEY = Key.generate("ES256", kid="k1")
GOOD: dict[str, Any] = {
    "iss": "https://a",
    "aud": "clinic",
    "sub": "u",
    "iat": int(NOW),
    "exp": int(NOW) + 600,
}
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["token", "show", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_it_explains_header_claims_and_times(capsys: pytest.CaptureFixture[str]) -> None:
    now = int(time.time())
    token = jwt.sign({**GOOD, "iat": now, "exp": now + 175}, KEY, typ="at+jwt")
    code, out, _ = show(capsys, token)
    assert code == 0
    assert "expires in 2 min" in out
    assert "who issued it" in out
    assert "NOT checked" in out
    assert "Mind" not in out


def test_an_expired_token_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = show(capsys, jwt.sign({**GOOD, "iat": 1_000_000, "exp": 1_000_600}, KEY, typ="at+jwt"))
    assert "EXPIRED" in out
    assert "! it has expired" in out


def test_json_is_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = show(capsys, "--json", jwt.sign(GOOD, KEY, typ="at+jwt"))
    told = json.loads(out)
    assert told["claims"] == GOOD
    assert told["header"] == HEADER
    assert told["signature_checked"] is False


def test_it_reads_standard_input_and_forgives_the_scheme(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"Bearer {jwt.sign(GOOD, KEY, typ='at+jwt')}\n"))
    code, out, _ = show(capsys, "-")
    assert code == 0
    assert "clinic" in out


def test_what_a_stranger_wrote_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = show(capsys, jwt.sign({**GOOD, "name": "\x1b[2Jgone\u202e"}, KEY, typ="at+jwt"))
    assert "\x1b" not in out
    assert "\u202e" not in out


@pytest.mark.parametrize(("text", "words"), [("gps_" + "A" * 43, "session id"), ("gpr_x", "refresh token")])
def test_an_opaque_pass_is_named(capsys: pytest.CaptureFixture[str], text: str, words: str) -> None:
    code, out, _ = show(capsys, text)
    assert code == 0
    assert words in out


@pytest.mark.parametrize(
    ("text", "words"), [("a.b.c.d.e", "not a readable token"), ("rubbish", "not a readable token")]
)
def test_what_can_not_be_read_is_said(capsys: pytest.CaptureFixture[str], text: str, words: str) -> None:
    code, out, err = show(capsys, text)
    assert (code, out) == (1, "")
    assert "not a readable token" in err


WARNINGS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no typ": ({"typ": None}, {}, "no typ"),
    "typ JWT": ({"typ": "JWT"}, {}, "typ is only JWT"),
    "none": ({"alg": "none"}, {}, "not signed at all"),
    "a shared secret": ({"alg": "HS256"}, {}, "can also forge"),
    "no kid": ({"kid": None}, {}, "no kid"),
    "a key in the header": ({"jwk": {}}, {}, "jwk is in the header"),
    "crit": ({"crit": ["x"]}, {}, "crit"),
    "no end": ({}, {"exp": None}, "never ends"),
    "no audience": ({}, {"aud": None}, "no aud"),
    "no issuer": ({}, {"iss": None}, "no iss"),
    "a long life": ({}, {"exp": int(NOW) + 3_601}, "longer than an hour"),
    "expired": ({}, {"exp": int(NOW)}, "expired"),
    "not yet": ({}, {"nbf": NOW + 60}, "not good yet"),
    "from the future": ({}, {"iat": NOW + 60}, "two clocks differ"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_a_weak_token_is_warned_of(name: str) -> None:
    header, claims, words = WARNINGS[name]
    given = {k: v for k, v in (HEADER | header).items() if v is not None}
    said = {k: v for k, v in (GOOD | claims).items() if v is not None}
    assert any(words in warning for warning in warnings_of(given, said, now=NOW))


def test_a_good_token_is_warned_of_nothing() -> None:
    assert warnings_of(HEADER, GOOD, now=NOW) == []


@pytest.mark.parametrize("exp", [10**400, 1e300, True, "soon"])
def test_a_time_that_is_none_is_no_crash(exp: Any) -> None:
    warnings_of(HEADER, GOOD | {"exp": exp}, now=NOW)


def test_of_an_encrypted_token_everybody_sees_the_header_and_its_reader_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Key.generate("ECDH-ES+A256KW")
    token = FakeIssuer(encrypt_to=key).token("ada")
    assert main(["token", "show", token]) == 0
    closed = capsys.readouterr().out
    assert "ECDH-ES+A256KW" in closed
    assert "ada" not in closed
    assert "which key opens it" in closed
    assert "signed" not in closed
    assert main(["token", "show", token, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["encrypted"]["cty"] == "JWT"
    file = tmp_path / "service.jwk"
    file.write_text(json.dumps(key.to_private_jwk()))
    assert main(["token", "show", token, "--key", str(file)]) == 0
    opened = capsys.readouterr().out
    assert "ada" in opened
    assert "NOT checked" in opened
    assert main(["token", "show", token, "--key", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["claims"]["sub"], told["encrypted"]["enc"]) == ("ada", "A256GCM")
    for other in (Key.generate("ECDH-ES+A256KW"), Key.generate("ES256")):
        file.write_text(json.dumps(other.to_private_jwk()))
        assert main(["token", "show", token, "--key", str(file)]) == 1
        assert str(other.to_private_jwk()["d"]) not in capsys.readouterr().err
