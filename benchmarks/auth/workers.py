"""One process of Auth and two on one PostgreSQL; the load spreads its connections over them.

On two cores nothing is left over for the second process: it shares its core with the load and the database.
"""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from examples.cluster.database import Database

from benchmarks.auth import own
from benchmarks.auth.rounds import Figures, figures, measure
from benchmarks.auth.sizes import SESSIONS, Size
from benchmarks.auth.subjects import CHECK, INTROSPECTION, REFRESH

ONE, TWO = "1 process", "2 processes"


def run(
    folder: Path, server: Database, size: Size, say: Callable[[str], None]
) -> dict[str, dict[str, Figures]]:
    """Measure both on one database, in turns."""
    filled = own.gatepass_on_postgres(folder / "workers", server, SESSIONS)
    found = {}
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(own.served(ONE, filled))
        two = stack.enter_context(own.served(TWO, filled, cores=own.both_cores()))
        # One database, so one holder of each refresh token: whoever has the turn goes on where the other was.
        subjects = [one, replace(two, talks=one.talks)]
        for operation in (CHECK, REFRESH, INTROSPECTION):
            say(f"{operation}, 1 and 2 processes ...")
            rounds = measure(
                subjects, operation, count=size.rounds, seconds=size.seconds, before=lambda: None
            )
            found[operation] = figures(rounds, dict.fromkeys((ONE, TWO), ONE))
    return found
