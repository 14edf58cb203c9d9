"""The attack tokens: a real verifier refuses each, for the reason that the attack is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from gatepass.testing import FakeIssuer, attacks_on
from gatepass.testing.attacks import ATTACKS, CARRIED, Needs, make
from gatepass.testing.forger import Forger
from gatepass.verifier import Unauthenticated

if TYPE_CHECKING:
    from gatepass.verifier import Verifier

pytest_plugins = ["pytester"]

REASONS: Final = {
    "malformed",
    "too_long",
    "critical_header",
    "algorithm_not_allowed",
    "wrong_type",
    "key_not_found",
    "bad_signature",
    "claim_missing",
    "claim_invalid",
    "expired",
    "not_yet_valid",
}


@pytest.mark.parametrize("alg", ["ES256", "Ed25519", "RS256"])
def test_every_attack_is_refused_and_its_twin_is_let_in(alg: str, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(f"""
        import pytest
        from gatepass.testing import FakeIssuer

        @pytest.fixture(scope="session")
        def gatepass_issuer():
            return FakeIssuer(alg={alg!r})
    """)
    pytester.makepyfile("""
        import pytest
        from gatepass.verifier import Unauthenticated

        def test_refused(gatepass_verifier, gatepass_attack):
            with pytest.raises(Unauthenticated):
                gatepass_verifier.check_token(gatepass_attack)

        def test_let_in(gatepass_verifier, gatepass_issuer):
            assert gatepass_verifier.check_token(gatepass_issuer.token("ada")).subject == "ada"
    """)
    pytester.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(passed=len(CARRIED) + 1)


def test_each_is_refused_for_what_it_is_about(
    gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier
) -> None:
    seen = set()
    for attack in attacks_on(gatepass_issuer):
        with pytest.raises(Unauthenticated) as refusal:
            gatepass_verifier.check_token(attack.token)
        seen.add(refusal.value.reason)
        if attack.needs is Needs.ISSUER_KEY and "signature" not in attack.name:
            assert refusal.value.reason != "bad_signature", attack.name  # the issuer's own signature is on it
    assert seen == REASONS


def test_what_the_forger_changes_nothing_of_is_let_in(
    gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier
) -> None:
    forger = Forger.at(gatepass_issuer)
    assert gatepass_verifier.check_token(forger.issue()).subject == "ada"
    assert gatepass_verifier.check_token(forger.issue({"x": "y"}, {"x": "y"})).subject == "ada"
    assert gatepass_verifier.check_token(forger.bend()).subject == "ada"


def test_no_attack_shows_its_token(gatepass_issuer: FakeIssuer) -> None:
    for attack in attacks_on(gatepass_issuer):
        assert attack.token not in repr(attack)
        assert attack.read


def test_without_what_it_needs_an_attack_is_not_made(gatepass_issuer: FakeIssuer) -> None:
    poor = replace(Forger.at(gatepass_issuer), good=None, published=None)
    for name, row in ATTACKS.items():
        if row.needs in {Needs.GOOD_TOKEN, Needs.PUBLIC_KEY}:
            with pytest.raises(LookupError):
                make(name, poor)
        else:
            assert make(name, poor).token
