"""The metrics of a verifier, as Prometheus reads them."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gatepass.testing import FakeIssuer
from gatepass.verifier import EitherVerifier, Unauthenticated
from gatepass.verifier.adapters.prometheus import VerifierCollector


def metrics(either: EitherVerifier) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(VerifierCollector(either))
    lines = generate_latest(registry).decode().splitlines()
    return {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


def of(name: str, mode: str = "token", **more: str) -> str:
    labels = {"audience": "my-site", "mode": mode, **more}
    return name + "{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}"


async def test_each_check_is_counted_by_how_it_ended() -> None:
    issuer = FakeIssuer()
    either = issuer.either_verifier()
    await either.ready()
    kicked, changed = issuer.token("eve", sid="s1"), issuer.token("ada")
    for token in (kicked, changed, changed):
        await either.check(token)
    issuer.kick("s1")
    issuer.change("ada")
    for token in (kicked, changed, "no.token.atall"):
        with pytest.raises(Unauthenticated):
            await either.check(token)
    await either.check(issuer.session())
    seen = metrics(either)
    await either.close()
    assert {
        result: seen[of("gatepass_checks_total", result=result)]
        for result in ("accepted", "accepted_from_cache", "refused", "revoked", "stale", "unavailable")
    } == {
        "accepted": 2,
        "accepted_from_cache": 1,
        "refused": 1,
        "revoked": 1,
        "stale": 1,
        "unavailable": 0,
    }
    assert seen[of("gatepass_checks_total", "session", result="accepted")] == 1
    assert seen[of("gatepass_follower_state", state="streaming")] == 1
    assert seen[of("gatepass_follower_state", state="retrying")] == 0
    assert seen[of("gatepass_revocations")] == 2
    assert 0 <= seen[of("gatepass_view_age_seconds")] < 60


async def test_what_is_not_known_yet_is_left_out() -> None:
    either = FakeIssuer().either_verifier()
    assert of("gatepass_view_age_seconds") not in metrics(either)
    assert metrics(either)[of("gatepass_keys")] == 0
