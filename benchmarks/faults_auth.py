"""`python -m benchmarks.faults_auth`: what breaks under Auth, with real processes and a load, as a table.

What is promised is asserted by `tests/integration/test_auth_faults.py` with short faults, and here once more.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from tests.integration.faults import auth_faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.faults.auth_trial import Broken

HEAD = (
    "| fault | requests | good | 503 | 502, 504 or none | log-ins, refreshes, kicks acknowledged | not held "
    "| failed for | last failure after the end | longest request |\n|---|---|---|---|---|---|---|---|---|---|"
)


def trials(lasts: float, only: str) -> Iterator[Broken]:
    if only in "cluster":
        with auth_faults.running_cluster() as cluster:
            yield auth_faults.database_killed(cluster, lasts=lasts)
            yield auth_faults.database_frozen(cluster, lasts=2 * lasts)
            yield auth_faults.auth_killed(cluster, lasts=lasts)
            yield auth_faults.auth_stopped(cluster, lasts=lasts)
            yield auth_faults.rolling_restart(cluster)
    if only in "failover":
        yield auth_faults.failover(synchronous=True, lasts=lasts)
        yield auth_faults.failover(synchronous=True, lasts=lasts, loss="frozen (SIGSTOP)")
        yield auth_faults.standby_away(lasts=2 * lasts)
        yield auth_faults.failover(synchronous=False, lasts=lasts)
    if only in "sqlite":
        yield auth_faults.sqlite_killed(lasts=lasts)
        yield auth_faults.two_on_one_file(lasts=lasts)
        yield auth_faults.disk_full(lasts=lasts)


def row(seen: Broken) -> str:
    ledger = seen.ledger
    acknowledged = f"{len(ledger.logins):,}, {ledger.refreshes:,}, {ledger.kicks:,}"
    return (
        f"| {seen.fault} | {len(ledger.tries):,} | {ledger.count(200, 204):,} | {ledger.count(503):,} "
        f"| {ledger.count(0, 502, 504):,} | {acknowledged} | {len(seen.violations)} "
        f"| {seen.failed_for:.1f} s | {seen.recovered_after:.2f} s | {seen.ledger.longest():.1f} s |"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lasts", type=float, default=10, help="seconds that most faults last")
    options.add_argument("--only", default="", choices=["cluster", "failover", "sqlite", ""])
    given = options.parse_args()
    print(f"Faults of {given.lasts:g} s.\n\n{HEAD}", flush=True)
    for seen in trials(given.lasts, given.only):
        print(row(seen), flush=True)
        for violation in seen.violations[:10]:
            print(f"    {violation}", flush=True)
        if seen.ledger.statuses().keys() - {200, 204, 503}:
            print(f"    {seen.ledger.statuses()}", flush=True)


if __name__ == "__main__":
    main()
