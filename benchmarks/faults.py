"""`python -m benchmarks.faults`: faults of a minute, with real processes and a load, as a table.

What is promised is asserted by `tests/integration/test_faults.py` with shorter faults, and here once more.
"""

from __future__ import annotations

import argparse
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.integration.conftest import running_site
from tests.integration.faults.trial import killed, spoiled_keys, spoiled_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Site
    from tests.integration.faults.trial import Seen

HEAD = (
    "| fault | requests | 200 | 401 | 503 | no answer | the kicked-out user was let in for, after the kick "
    "| longest request | let in again, after the end |\n|---|---|---|---|---|---|---|---|---|"
)


def trials(site: Site, *, lasts: float, contract: float) -> list[Callable[[], Seen]]:
    line = partial(spoiled_line, site, lasts=lasts, max_staleness=contract)
    keys = partial(spoiled_keys, site, lasts=lasts / 5, max_staleness=contract)
    return [
        partial(line, "cut", name="feed cut"),
        partial(line, "silent", name="line silent"),
        partial(line, "a byte a second", name="line slow: a byte a second"),
        partial(line, "cut", name="feed cut, the Service's clock 20 s behind", clock_offset=-20),
        partial(line, "cut", name="feed cut, the Service's clock 20 s ahead", clock_offset=20),
        partial(line, "cut", name="feed cut, two children forked after first use", children=2),
        partial(keys, ["500"], name="key set: 500"),
        partial(keys, ["garbage"], name="key set: garbage"),
        partial(keys, ["100 MB"], name="key set: 100 MB"),
        partial(keys, ["a byte a second"], name="key set: a byte a second"),
        partial(keys, ["redirect"], name="key set: redirect"),
    ]


def row(seen: Seen) -> str:
    counts = " | ".join(f"{seen.count(status):,}" for status in (200, 401, 503, 0))
    return (
        f"| {seen.fault} | {len(seen.load.seen):,} | {counts} | {seen.accepted_after_kick:.2f} s "
        f"| {1000 * seen.longest:.0f} ms | {seen.recovered_after:.2f} s |"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lasts", type=float, default=60, help="seconds that a fault lasts")
    options.add_argument("--contract", type=float, default=10, help="max_staleness, in seconds")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder), "clinic") as site:
        todo = trials(site, lasts=given.lasts, contract=given.contract)
        with ThreadPoolExecutor(len(todo)) as pool:
            found = [one.result() for one in [pool.submit(trial) for trial in todo]]
        kill = partial(killed, site, signal.SIGKILL, max_staleness=given.contract)
        found.append(kill(name="Auth killed (-9), started again later", lasts=given.lasts))
        found.append(kill(name="Auth killed (-9), started again at once", lasts=0))
    print(f"Faults of {given.lasts:g} s, max_staleness={given.contract:g}.\n\n{HEAD}")
    for seen in found:
        print(row(seen))
    for seen in found:
        seen.judge()


if __name__ == "__main__":
    main()
