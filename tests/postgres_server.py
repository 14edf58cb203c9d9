"""A private PostgreSQL: a cluster in a folder of its own, behind a Unix socket, gone with the tests.

Never the machine's own one. Without `fsync`, because nobody will miss its data.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from examples.cluster.database import running
from examples.cluster.programs import NotHere

from gatepass.storage.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.cluster.database import Database

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "autovacuum": "off",
    "jit": "off",
    "log_min_messages": "fatal",
    "deadlock_timeout": "100ms",
}


@contextmanager
def running_server() -> Iterator[Database]:
    """Run a server of its own; skip the test where there is no PostgreSQL."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(SETTINGS))
        except NotHere as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Database]:
    """Give this worker's own running server."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[Database]:
    """Give a server that a test may stop and start again: nobody else is on it."""
    with running_server() as server:
        yield server


EMPTY = (
    "DELETE FROM mails; DELETE FROM users; DELETE FROM roles; DELETE FROM signing_keys; DELETE FROM attempts;"
    " DELETE FROM events; UPDATE event_log SET head = 0;"
    " UPDATE event_export SET place = 0, holder = NULL, until = 0;"
    " DELETE FROM imports; DELETE FROM revocations; UPDATE feed SET floor = 0, head = 0"
)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: Database) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection to this worker's own database, with the schema in it."""

    async def make() -> None:
        await (await PostgresStore.open(postgres_server.url("contract"))).close()

    postgres_server.execute("CREATE DATABASE contract")
    with ThreadPoolExecutor(1) as apart:  # from the test's own event loop
        apart.submit(lambda: asyncio.run(make())).result()
    with psycopg.connect(
        postgres_server.url("contract"), autocommit=True, options="-c search_path=gatepass"
    ) as connection:
        yield connection


@pytest.fixture
def postgres_url(postgres_server: Database, postgres_database: psycopg.Connection[Any]) -> str:
    """Give the address of an empty database."""
    postgres_database.execute(EMPTY)
    return postgres_server.url("contract")
