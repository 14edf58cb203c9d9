"""`gatepass token explain`: the list of checks never contradicts the Verifier, and says why in words."""

from __future__ import annotations

import io
import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.testing.services import answering, serving, serving_issuer

from gatepass.cli import main
from gatepass.cli.explanation import CHECKS, Explanation, explain
from gatepass.jose import Key
from gatepass.oauth import Cursor, SharedSecrets, access_token_policy, new_shared_secret
from gatepass.verifier import DEFAULT_ALGORITHMS, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gatepass.testing import FakeIssuer
    from gatepass.verifier import Verifier

# Which check each reason of the Verifier belongs to.
PLACES: dict[str, set[str]] = {
    "too_long": {"length"},
    "malformed": {"shape", "base64url", "header", "claims"},
    "critical_header": {"header"},
    "algorithm_not_allowed": {"alg", "kid"},
    "wrong_type": {"typ"},
    "key_not_found": {"kid"},
    "bad_signature": {"signature"},
    "claim_missing": {"iss", "aud", "exp", "required"},
    "claim_invalid": {"iss", "aud", "exp", "nbf", "iat", "required"},
    "expired": {"exp"},
    "not_yet_valid": {"nbf", "iat"},
    "access_token_invalid": {"profile"},
    "token_stale": {"stale"},
}


def explained(verifier: Verifier, token: str, *, now: float | None = None) -> Explanation:
    policy = access_token_policy(
        issuer=verifier.watch.issuer.identifier, audience=verifier.audience, algorithms=DEFAULT_ALGORITHMS
    )
    return explain(token, verifier, policy, now=verifier.clock() if now is None else now)


def failing(explanation: Explanation) -> list[str]:
    return [check.name for check in explanation.checks if check.holds is False]


def test_the_list_never_contradicts_the_verdict(gatepass_attack: str, gatepass_verifier: Verifier) -> None:
    with pytest.raises(Refused) as refusal:
        gatepass_verifier.check_token(gatepass_attack)
    explanation = explained(gatepass_verifier, gatepass_attack)
    assert explanation.refusal is not None
    assert explanation.refusal.reason == refusal.value.reason
    (failed,) = failing(explanation)
    assert failed in PLACES[refusal.value.reason]
    names = [check.name for check in explanation.checks]
    assert names == list(CHECKS)
    after = explanation.checks[names.index(failed) + 1 :]
    assert all(check.holds is None for check in after)
    assert all(check.why for check in explanation.checks)
    assert all(gatepass_attack not in check.why for check in explanation.checks)


TAKEN_BACK: dict[str, tuple[Callable[[FakeIssuer], None], str, str]] = {
    "its session is ended": (lambda issuer: issuer.kick("s1"), "revoked", "its session was ended"),
    "it is revoked": (lambda issuer: issuer.revoke_token("t1"), "revoked", "this token was taken back"),
    "its user is out": (
        lambda issuer: issuer.log_out_everywhere("ada"),
        "revoked",
        "all sessions of its user were ended",
    ),
    "its user changes": (lambda issuer: issuer.change("ada"), "stale", "renewed, it holds again"),
}


@pytest.mark.parametrize("cause", TAKEN_BACK)
def test_what_was_taken_back_is_told(
    cause: str, gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier
) -> None:
    take_back, place, words = TAKEN_BACK[cause]
    token = gatepass_issuer.token("ada", sid="s1", jti="t1")
    assert explained(gatepass_verifier, token).refusal is None
    take_back(gatepass_issuer)
    explanation = explained(gatepass_verifier, token)
    assert failing(explanation) == [place]
    assert words in next(check.why for check in explanation.checks if check.holds is False)


def test_a_good_token_passes_every_check(gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier) -> None:
    explanation = explained(gatepass_verifier, gatepass_issuer.token())
    assert explanation.refusal is None
    assert all(check.holds for check in explanation.checks)


def test_a_view_too_old_is_told(gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier) -> None:
    token = gatepass_issuer.token()
    explanation = explained(gatepass_verifier, token, now=time.time() + 130)
    assert failing(explanation) == ["view"]
    assert explanation.refusal is not None
    assert explanation.refusal.status == 503


WORDS: dict[str, tuple[dict[str, Any], str]] = {
    "over": ({"expires_in": -180}, "expired 3 min"),
    "for another": ({"aud": "billing"}, "'billing', where 'my-site' is wanted"),
    "by another": ({"iss": "https://b.test"}, "'https://b.test', where 'https://auth.test' is wanted"),
    "without an id": ({"jti": None}, "the claim 'jti' is missing"),
    "too early": ({"nbf": int(time.time()) + 90_000}, "in the future ("),
    "of an odd type": ({"epoch": "3"}, "epoch"),
    "with an odd time": ({"iat": "now", "expires_in": -9}, "the claim 'iat' is not a date"),
}


@pytest.mark.parametrize("what", WORDS)
def test_the_reason_is_said_in_words(
    what: str, gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier
) -> None:
    changes, words = WORDS[what]
    token = gatepass_issuer.token(**changes)
    (failed,) = [check for check in explained(gatepass_verifier, token).checks if check.holds is False]
    assert words in failed.why


# The command


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    with serving_issuer() as issuer:
        yield issuer


def say(capsys: pytest.CaptureFixture[str], token: str, issuer: str, *more: str) -> tuple[int, str, str]:
    code = main(["token", "explain", token, "--issuer", issuer, "--audience", "my-site", *more])
    out, err = capsys.readouterr()
    assert len(token) < 9 or token not in out + err
    return code, out, err


def test_what_a_service_would_let_in_is_0(issuer: FakeIssuer, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = say(capsys, issuer.token(), issuer.issuer)
    assert code == 0, err
    assert out.startswith("The Service would let it in.")
    assert "not among 0 entries, read up to fake" in out
    assert "ok  exp        expires in " in out
    assert "Clocks: this machine is 0." in out
    assert not err


def test_what_it_would_refuse_is_1(
    issuer: FakeIssuer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = issuer.token(expires_in=-180)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"Bearer {token}\n"))
    code, out, _ = say(capsys, "-", issuer.issuer)
    assert code == 1
    assert out.startswith("The Service would answer 401 invalid_token; its log: expired.")
    assert "FAILS        exp" in out
    assert token not in out


def test_of_an_encrypted_token_the_inside_is_explained(
    issuer: FakeIssuer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    issuer.encrypt_to = Key.generate("ECDH-ES+A256KW")
    file = tmp_path / "service.jwk"
    file.write_text(json.dumps(issuer.encrypt_to.to_private_jwk()))
    token = issuer.token()
    code, _, err = say(capsys, token, issuer.issuer)
    assert (code, "--key FILE" in err) == (1, True)
    code, out, err = say(capsys, token, issuer.issuer, "--key", str(file))
    assert code == 0, err
    assert out.startswith("The Service would let it in.")
    file.write_text(json.dumps(Key.generate("ECDH-ES+A256KW").to_private_jwk()))
    code, _, err = say(capsys, token, issuer.issuer, "--key", str(file))
    assert (code, "can't open this token" in err) == (1, True)


def test_where_a_secret_is_shared_its_file_stands_for_the_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [new_shared_secret(os.urandom) for _ in range(2)]
    file = tmp_path / "gatepass.secret"
    with serving_issuer(shared_secrets=SharedSecrets.parse(texts[0])) as issuer:
        code, _, err = say(capsys, issuer.token(), issuer.issuer)
        assert (code, "--shared-secret FILE" in err) == (1, True)
        file.write_text(texts[0])
        given = ["--shared-secret", str(file)]
        code, out, err = say(capsys, issuer.token(sid="s1"), issuer.issuer, *given)
        assert code == 0, err
        assert "is in the file, for this algorithm" in out
        issuer.kick("s1")
        code, out, _ = say(capsys, issuer.token(sid="s1"), issuer.issuer, *given)
        assert (code, "its session was ended" in out) == (1, True)
        file.write_text(texts[1])
        code, out, _ = say(capsys, issuer.token(), issuer.issuer, *given, "--no-feed")
        assert (code, "is not in the file, but " in out) == (1, True)
        code, _, err = say(capsys, issuer.token(), issuer.issuer, *given)
        assert (code, "Is this the secret that Auth has?" in err) == (1, True)
        file.write_text("secret")
        code, _, err = say(capsys, issuer.token(), issuer.issuer, *given)
        assert (code, "line 1" in err) == (1, True)
        assert all(text not in out + err for text in texts)


def test_a_script_gets_json(issuer: FakeIssuer, capsys: pytest.CaptureFixture[str]) -> None:
    issuer.kick("s1")
    code, out, _ = say(capsys, issuer.token(sid="s1"), issuer.issuer, "--json")
    told = json.loads(out)
    assert code == 1
    assert (told["accepted"], told["status"], told["reason"]) == (False, 401, "revoked_sid")
    assert [check["check"] for check in told["checks"]] == list(CHECKS)
    assert [check["check"] for check in told["checks"] if check["result"] == "fails"] == ["revoked"]
    assert told["view"]["cursor"] == str(Cursor("fake", 1))
    assert told["view"]["entries"] == 1


def test_what_is_no_jwt_is_named(issuer: FakeIssuer, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = say(capsys, issuer.session(), issuer.issuer)
    assert code == 1
    assert "no JWT but a session id" in out


def test_an_issuer_without_a_feed(issuer: FakeIssuer, capsys: pytest.CaptureFixture[str]) -> None:
    metadata = issuer.metadata()
    plain = type(metadata)(issuer=metadata.issuer, jwks_uri=metadata.jwks_uri)
    issuer.metadata = lambda: plain  # type: ignore[method-assign]
    code, _, err = say(capsys, issuer.token(), issuer.issuer)
    assert (code, "With --no-feed" in err) == (1, True)
    code, out, _ = say(capsys, issuer.token(), issuer.issuer, "--no-feed")
    assert code == 0
    assert "no feed is followed" in out


def test_an_algorithm_that_the_service_does_not_accept(
    issuer: FakeIssuer, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = say(capsys, issuer.token(), issuer.issuer, "--algorithm", "RS256")
    assert (code, "See --algorithm" in err) == (1, True)


def test_who_is_not_there_is_named_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = say(capsys, "a.b.c", "http://127.0.0.1:9")
    assert code == 1
    assert (
        err
        == "gatepass: http://127.0.0.1:9: nobody answers there. Is it running, and is the address right?\n"
    )
    with serving(answering("404 Not Found")) as url:
        code, _, err = say(capsys, "a.b.c", url)
    assert (code, "letter by letter" in err) == (1, True)


def test_an_issuer_with_another_name_or_without_keys_is_told(
    issuer: FakeIssuer, capsys: pytest.CaptureFixture[str]
) -> None:
    other = issuer.issuer.replace("127.0.0.1", "localhost")
    code, _, err = say(capsys, issuer.token(), other)
    assert (code, "goes by another name" in err) == (1, True)
    metadata = type(issuer.metadata())(issuer=issuer.issuer)
    issuer.metadata = lambda: metadata  # type: ignore[method-assign]
    code, _, err = say(capsys, issuer.token(), issuer.issuer)
    assert (code, "shares a secret" in err) == (1, True)


@pytest.mark.parametrize(
    "more", [["--leeway", "3600"], ["--algorithm", "HS256"], ["--algorithm", "none"]], ids=" ".join
)
def test_a_misuse_is_2(more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["token", "explain", "a.b.c", "--issuer", "https://a.test", "--audience", "b", *more])
    assert left.value.code == 2
