"""The pytest plugin, loaded in every run where Gatepass is installed: it imports nothing until it is used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gatepass.testing.issuer import FakeIssuer
    from gatepass.verifier import Verifier

TOKEN_VARIABLE: Final = "GATEPASS_TOKEN"  # noqa: S105 (the name of a variable)


@pytest.fixture
def gatepass_issuer() -> FakeIssuer:
    """An issuer without a network, new for each test. Define your own of this name to change what it is."""
    from gatepass.testing.issuer import FakeIssuer

    return FakeIssuer()


@pytest.fixture
def gatepass_verifier(gatepass_issuer: FakeIssuer) -> Iterator[Verifier]:
    """A real verifier that follows the issuer, ready; its thread ends with the test."""
    from gatepass.verifier import Follower

    follower = Follower()
    verifier = gatepass_issuer.verifier(follower=follower)
    follower.call(verifier.ready()).result()
    yield verifier
    follower.stop()


@pytest.fixture
def gatepass_attack(request: pytest.FixtureRequest, gatepass_issuer: FakeIssuer) -> str:
    """A token that whoever trusts the issuer must refuse; the test is run once for each attack."""
    from gatepass.testing.attacks import make
    from gatepass.testing.forger import Forger

    return make(request.param, Forger.at(gatepass_issuer)).token


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `gatepass_attack` every attack that a request can carry, named."""
    if "gatepass_attack" in metafunc.fixturenames:
        from gatepass.testing.attacks import CARRIED

        metafunc.parametrize("gatepass_attack", CARRIED, indirect=True)


# pytest --gatepass-attack URL


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what the command line takes."""
    group = parser.getgroup("gatepass", "attack a running service (nothing else is run then)")
    add = group.addoption
    add("--gatepass-attack", metavar="URL", help="run every attack as a test against this URL (GET)")
    add(
        "--gatepass-token",
        metavar="TOKEN",
        help=f"a token that the service accepts; better in {TOKEN_VARIABLE}, which no process list shows",
    )
    add("--gatepass-issuer", metavar="URL", help="the service's issuer, whose public keys are fetched")
    add(
        "--gatepass-audience", metavar="NAME", default="my-site", help="the service's name (default: my-site)"
    )
    add(
        "--gatepass-key",
        metavar="FILE",
        help="private key (JWK) of a test issuer that the service trusts: makes every attack in earnest",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> bool | None:
    """Collect the attacks, and nothing else, where the command line names a URL."""
    if session.config.getoption("gatepass_attack") is None:
        return None
    from gatepass.testing.assault import collect_attacks

    collect_attacks(session, token=_token(session.config))
    return True


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what the attacks proved, and what they could not."""
    ran = any(terminalreporter.stats.get(outcome) for outcome in ("passed", "failed", "skipped"))
    if ran and config.getoption("gatepass_attack") is not None:
        from gatepass.testing.assault import what_was_proved

        terminalreporter.section("gatepass attack")
        for line in what_was_proved(terminalreporter, config, token=_token(config)):
            terminalreporter.write_line(line)


def _token(config: pytest.Config) -> str | None:
    token = config.getoption("gatepass_token") or os.environ.get(TOKEN_VARIABLE) or None
    return token and token.strip().removeprefix("Bearer ")
