"""What every test shares: no hurry, and the summary of the published vectors.

A vector's test says with `record_property("vector", (file, what))` what became of it. Here the reports of all
workers are counted and printed, so that nothing which is left out on purpose is left out silently.
"""

import signal
from collections import Counter, defaultdict
from typing import Any

from hypothesis import HealthCheck, settings
from tests.postgres_server import mortal_server, postgres_database, postgres_server, postgres_url

__all__ = ["mortal_server", "postgres_database", "postgres_server", "postgres_url"]

# No test asserts a time: a slow machine is no bug.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# A shell that starts something in the background has it ignore Ctrl-C, and so would every process that a test
# starts: those that are to end by Ctrl-C would not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
