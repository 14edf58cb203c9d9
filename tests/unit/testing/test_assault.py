"""`pytest --gatepass-attack URL`: a good service passes, and each hole that somebody shipped is found."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.unit.testing import services
from tests.unit.testing.services import guarded, serving, serving_issuer

from gatepass.testing import knock
from gatepass.testing.attacks import ATTACKS, CARRIED, Needs
from gatepass.testing.knock import MANNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gatepass.testing import FakeIssuer
    from gatepass.verifier import Verifier

pytest_plugins = ["pytester"]

ALL: Final = len(CARRIED) + len(MANNERS) + 1
OF_A_GOOD_TOKEN: Final = sum(ATTACKS[name].needs is Needs.GOOD_TOKEN for name in CARRIED) + sum(
    manner.needs is Needs.GOOD_TOKEN for manner in MANNERS.values()
)
OF_A_PUBLIC_KEY: Final = sum(row.needs is Needs.PUBLIC_KEY for row in ATTACKS.values())

# What each hole lets through, and the sentence that says so.
HOLES: dict[str, tuple[Callable[[FakeIssuer], Any], str, set[str]]] = {
    "it believes everybody": (
        services.believes_everybody,
        "it LET THIS IN (200). Read ",
        {"no token at all", "alg is none, nothing is signed", "typ is JWT", "a good token in the query"},
    ),
    "it checks no signature": (
        services.checks_no_signature,
        "it LET THIS IN (200). Read RFC 8725",
        {
            "alg is none, nothing is signed",
            "another key under the same kid",
            "other claims under a good signature",
        },
    ),
    "the token chooses the algorithm": (
        services.lets_the_token_choose,
        "it LET THIS IN (200). Read RFC 8725 §2.1; CVE-2022-29217.",
        {"HS256 with the public key as PEM"},
    ),
    "it believes the key in the token": (
        services.believes_the_key_in_the_token,
        "CVE-2018-0114",
        {"its own key in jwk"},
    ),
    "it reads the query": (services.reads_the_query, "Read RFC 9700 §4.3.2.", {"a good token in the query"}),
    "it ignores the audience": (
        services.ignores_the_audience,
        "Read RFC 8725 §3.9.",
        {"aud is another", "aud is a list of others", "aud is missing"},
    ),
    "it takes padding off": (
        services.pads_what_lacks_padding,
        "Read RFC 7515 §2, RFC 4648 §3.5.",
        {"padding behind it"},
    ),
    "it refuses everybody": (
        services.refuses_everybody,
        "the good token was refused (401): is it expired, or for another service?",
        {"the good token is let in"},
    ),
    "it crashes": (
        services.crashes,
        "it failed (500): a stranger can make it crash.",
        {"kid is a number", "a header too deep"},
    ),
    "it forbids": (services.forbids, "so it believed the token; the answer is 401.", {"typ is JWT"}),
    "it is elsewhere": (
        services.is_not_there,
        "is the URL right?",
        {"typ is JWT", "the good token is let in"},
    ),
    "it cannot tell": (services.cannot_tell, "are its issuer and its keys there?", {"typ is JWT"}),
}


@pytest.fixture(autouse=True)
def _without_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GATEPASS_TOKEN", raising=False)


@pytest.fixture
def key_file(gatepass_issuer: FakeIssuer, tmp_path: Path) -> str:
    file = tmp_path / "issuer.jwk"
    file.write_text(json.dumps(gatepass_issuer.key.to_private_jwk()))
    return str(file)


@pytest.fixture
def good_service(gatepass_verifier: Verifier) -> Iterator[str]:
    with serving(guarded(gatepass_verifier)) as url:
        yield url


def attack(pytester: pytest.Pytester, url: str, *options: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", "no:asyncio", "-rfs", "--gatepass-attack", url, *options)


def test_a_good_service_refuses_all_and_lets_the_twin_in(
    good_service: str, key_file: str, gatepass_issuer: FakeIssuer, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile("def test_of_the_team(): assert 0")  # is not run
    token = gatepass_issuer.token()
    while not {"-", "_"} & set(token.rpartition(".")[2]):
        token = gatepass_issuer.token()
    result = attack(pytester, good_service, "--gatepass-key", key_file, "--gatepass-token", token)
    result.assert_outcomes(passed=ALL)
    result.stdout.fnmatch_lines([f"{ALL - 1} attacks were refused, 0 tests failed."])
    assert token not in result.stdout.str()


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_is_found(
    hole: str,
    key_file: str,
    gatepass_issuer: FakeIssuer,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_app, sentence, names = HOLES[hole]
    token = gatepass_issuer.token()
    monkeypatch.setenv("GATEPASS_TOKEN", token)
    with serving(make_app(gatepass_issuer)) as url:
        result = attack(pytester, url, "--gatepass-key", key_file, "--tb=long", "--showlocals")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    found = {
        line.partition("::")[2].partition(" - ")[0] for line in result.outlines if line.startswith("FAILED")
    }
    assert names <= found
    said = result.stdout.str()
    assert sentence in said
    assert token not in said
    assert ".".join(token.split(".")[:2]) not in said


def test_a_service_that_never_answers_fails_each(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knock, "PATIENCE", 0.05)
    with closing(socket.create_server(("127.0.0.1", 0), backlog=100)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        result = attack(pytester, url, "-k", "JWT or scheme")
    result.assert_outcomes(failed=3, deselected=ALL - 3)
    result.stdout.fnmatch_lines(["*it gave no answer within 0.05 s.*"])


def test_without_a_token_it_says_loudly_what_it_did_not_try(
    good_service: str, pytester: pytest.Pytester
) -> None:
    result = attack(pytester, good_service)
    skipped = OF_A_GOOD_TOKEN + OF_A_PUBLIC_KEY + 1
    result.assert_outcomes(passed=ALL - skipped, skipped=skipped)
    result.stdout.fnmatch_lines(
        [
            "WITHOUT A GOOD TOKEN: a service that refuses everybody looks the same.",
            "Not made: needs a token that the service accepts: set GATEPASS_TOKEN.",
            "Not made: needs the issuer's public key: give --gatepass-issuer URL.",
            "*attacks need the issuer's own key.*",
        ]
    )


def test_the_public_keys_of_the_real_issuer_are_fetched(good_service: str, pytester: pytest.Pytester) -> None:
    seen = sum("HS256" in name for name in ATTACKS)
    with serving_issuer() as issuer, serving(services.lets_the_token_choose(issuer)) as weak:
        result = attack(pytester, good_service, "--gatepass-issuer", issuer.issuer, "-k", "HS256")
        result.assert_outcomes(passed=seen, deselected=ALL - seen)
        result = attack(pytester, weak, "--gatepass-issuer", issuer.issuer, "-k", "HS256")
    result.stdout.fnmatch_lines(["FAILED gatepass-attack::HS256 with the public key as PEM - *"])


MISUSES: dict[str, tuple[list[str], str]] = {
    "no URL": (["--gatepass-attack", "localhost"], "*not a URL of the form*"),
    "a URL with a password": (["--gatepass-attack", "http://a:b@localhost/"], "*not a URL of the form*"),
    "nobody there": (["--gatepass-attack", "http://127.0.0.1:9/"], "*nobody listens at http://127.0.0.1:9/*"),
    "a session id": (["--gatepass-token", "gps_AAAA"], "*the good token is no signed JWT*"),
    "no key file": (["--gatepass-key", "none.jwk"], "*No such file*"),
    "a key file that holds none": (["--gatepass-key", "tox.ini"], "*--gatepass-key is no JWK*"),
    "an issuer that is not there": (
        ["--gatepass-issuer", "http://127.0.0.1:9"],
        "*http://127.0.0.1:9 can't be reached: is it running?*",
    ),
    "an issuer that is none": (["--gatepass-issuer", "file:///etc"], "*can't be used*"),
}


@pytest.mark.parametrize("what", MISUSES)
def test_a_misuse_has_words(what: str, good_service: str, pytester: pytest.Pytester) -> None:
    options, words = MISUSES[what]
    pytester.makeini("[pytest]\n")
    result = attack(pytester, good_service, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --gatepass-attack: {words}"])
