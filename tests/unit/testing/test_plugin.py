"""The pytest plugin: light where nobody uses it, and its fixtures where somebody does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from gatepass.testing.attacks import CARRIED
from gatepass.verifier import Unauthenticated

if TYPE_CHECKING:
    from gatepass.testing import FakeIssuer
    from gatepass.verifier import Verifier

pytest_plugins = ["pytester"]


def test_the_verifier_is_ready_and_follows(gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier) -> None:
    token = gatepass_issuer.token(sid="s1")
    assert gatepass_verifier.check_token(token).session == "s1"
    gatepass_issuer.kick("s1")
    with pytest.raises(Unauthenticated):
        gatepass_verifier.check_token(token)


async def test_it_serves_asynchronous_tests_too(
    gatepass_issuer: FakeIssuer, gatepass_verifier: Verifier
) -> None:
    assert (await gatepass_verifier.check(gatepass_issuer.token("ada"))).subject == "ada"


def test_no_thread_outlives_its_test(pytester: pytest.Pytester) -> None:
    before = set(threading.enumerate())
    pytester.makepyfile("def test_it(gatepass_verifier): pass")
    pytester.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(passed=1)
    assert set(threading.enumerate()) <= before


def test_who_does_not_use_it_loads_nothing_of_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import sys

        def test_it():
            loaded = {name for name in sys.modules if name.startswith("gatepass")}
            assert loaded == {"gatepass", "gatepass.testing", "gatepass.testing.plugin"}
            assert not {"msgspec", "cryptography", "aiohttp"} & set(sys.modules)
    """)
    result = pytester.runpytest_subprocess("-W", "error", "-p", "no:asyncio", "-p", "no:anyio")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*warning*")


def test_the_attacks_are_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(gatepass_attack): assert 0")
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "--collect-only", "-q")
    listed = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert listed == [f"test_it[{name}]" for name in CARRIED]
