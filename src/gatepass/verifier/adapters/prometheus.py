"""Prometheus: how checks end, how old keys and view are; `REGISTRY.register(VerifierCollector(verifier))`."""

from collections.abc import Iterator
from dataclasses import asdict

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gatepass import verifier as gp

_GAUGES = {
    "keys_age_seconds": ("keys_age", "Since the keys were fetched."),
    "view_age_seconds": ("view_age", "Since the view of the revocations was last known to be true."),
    "clock_skew_seconds": ("clock_skew", "How far this clock is ahead of the issuer's."),
    "keys": ("keys", "Keys that are trusted."),
    "revocations": ("entries", "Revocations that are known."),
    "cached_passes": ("cached", "Passes in the cache."),
}


def _parts(verifier: gp.Verifier | gp.SessionVerifier | gp.EitherVerifier) -> tuple[gp.PassVerifier, ...]:
    return (verifier.tokens, verifier.sessions) if isinstance(verifier, gp.EitherVerifier) else (verifier,)


class VerifierCollector(Collector):
    """The metrics of any number of verifiers, labelled by audience and mode; read when somebody asks."""

    def __init__(self, *verifiers: gp.Verifier | gp.SessionVerifier | gp.EitherVerifier) -> None:
        self._verifiers: list[tuple[list[str], gp.Verifier | gp.SessionVerifier]] = []
        for verifier in verifiers:
            for one in _parts(verifier):
                if isinstance(one, gp.Verifier | gp.SessionVerifier):
                    mode = "token" if isinstance(one, gp.Verifier) else "session"
                    self._verifiers.append(([one.audience, mode], one))

    def describe(self) -> list[Metric]:
        """Name no metric beforehand."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read every verifier's health."""
        found = [(labels, one.health()) for labels, one in self._verifiers]
        names = ["audience", "mode"]
        checks = CounterMetricFamily("gatepass_checks", "Checks by result.", labels=[*names, "result"])
        state = GaugeMetricFamily(
            "gatepass_follower_state", "1 for what the follower is doing.", labels=[*names, "state"]
        )
        for labels, health in found:
            for result, number in asdict(health.counts).items():
                checks.add_metric([*labels, result], number)
            for each in gp.FeedState:
                state.add_metric([*labels, each.value], health.following and health.feed is each)
        yield from (checks, state)
        for name, (field, text) in _GAUGES.items():
            gauge = GaugeMetricFamily(f"gatepass_{name}", text, labels=names)
            for labels, health in found:
                value = getattr(health, field)
                if value is not None:
                    gauge.add_metric(labels, value)
            yield gauge
