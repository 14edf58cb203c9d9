"""A private PostgreSQL for the run: durable, in a folder of its own, behind a socket, gone afterwards."""

import contextlib
from collections.abc import Callable, Iterator

from examples.cluster.database import Database, running
from examples.cluster.programs import NotHere

SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "120",
    "autovacuum": "on",
    "jit": "off",
    "log_min_messages": "fatal",
}


@contextlib.contextmanager
def postgres(say: Callable[[str], None]) -> Iterator[Database | None]:
    """Run a server on the core of who asks; None, said loudly, where there is no PostgreSQL."""
    with contextlib.ExitStack() as stack:
        server = None
        try:
            server = stack.enter_context(running(SETTINGS))
        except NotHere as error:
            say(f"PostgreSQL: SKIPPED: {error}")
        yield server
