"""What every test shares: no hurry, and the summary of the published vectors.

A vector's test says with `record_property("vector", (file, what))` what became of it. Here the reports of all
workers are counted and printed, so that nothing which is left out on purpose is left out silently.
"""

import signal
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from tests.postgres_server import mortal_server, postgres_database, postgres_server, postgres_url

__all__ = ["mortal_server", "postgres_database", "postgres_server", "postgres_url"]

# No test asserts a time: a slow machine is no bug. Nor does a health check say anything of the program; those
# of them that look at the first few draws fail by chance.
CHANCE = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
]
# The same examples in every run: what fails here fails again, and with the change that broke it. Who looks
# for new ones says so: pytest --hypothesis-profile=exploring tests/property
settings.register_profile("unhurried", deadline=None, suppress_health_check=CHANCE, derandomize=True)
settings.register_profile(
    "exploring", settings.get_profile("unhurried"), derandomize=False, print_blob=True, max_examples=1_000
)
settings.load_profile("unhurried")

# Seconds after which what is meant for people and their networks gives up; here only a broken program takes
# as long.
PATIENCE: dict[str, object] = {
    "gatepass.testing.feed.PATIENCE": 60.0,
    "gatepass.testing.knock.PATIENCE": 60.0,
    "gatepass.verifier.verifier.ASK_PATIENCE": 60.0,
    "gatepass.verifier.verifier.FOLLOWER_PATIENCE": 120.0,
    "gatepass.verifier.Verifier.ready.__defaults__": (60.0,),
    "gatepass.verifier.SessionVerifier.ready.__defaults__": (60.0,),
    "gatepass.verifier.EitherVerifier.ready.__defaults__": (60.0,),
}

# A shell that starts something in the background has it ignore Ctrl-C, and so would every process that a test
# starts: those that are to end by Ctrl-C would not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def without_hurry() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patching:
        for name, patient in PATIENCE.items():
            patching.setattr(name, patient)
        yield


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print, for each vector file, how many vectors were run and with which outcome."""
    files: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, value in getattr(report, "user_properties", ()):
                if name == "vector" and report.when == "call":
                    file, what = value
                    files[file][what if outcome == "passed" else f"FAILED: {what}"] += 1
    if not files:
        return
    terminalreporter.section("published vectors")
    for file, counts in sorted(files.items()):
        terminalreporter.write_line(f"{file}: {counts.total()} run")
        for what, count in sorted(counts.items()):
            terminalreporter.write_line(f"    {count:4} {what}")
