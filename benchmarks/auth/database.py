"""A private PostgreSQL for the run: durable, in a folder of its own, behind a socket, gone afterwards."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.postgres_server import PostgresServer, programs

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
def postgres(say: Callable[[str], None]) -> Iterator[PostgresServer | None]:
    """Make a cluster and run its server on the core of who asks; None, said loudly, where there is none."""
    found = programs()
    if found is None:
        say("PostgreSQL: SKIPPED, it is not on this machine; tools/ensure-postgres says how to get it")
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="gatepass-pg-"))  # short: a socket's path has 107 bytes at most
    server = PostgresServer(folder, found, SETTINGS)
    try:
        server.make_cluster()
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
