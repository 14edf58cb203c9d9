"""The faults of Auth, each as one trial: what breaks, for how long, and how it is mended."""

from __future__ import annotations

import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from examples.cluster.cluster import Cluster, wait_until_ready
from examples.cluster.database import Database, private_folder
from tests.integration.conftest import GRACE, PATIENCE, Site
from tests.integration.faults.auth_trial import SETTINGS, add_users, under_load
from tests.integration.faults.trial import until
from tests.ports import free_port, free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.faults.auth_trial import Broken

AGED = "UPDATE {table} SET rotated_at = rotated_at - {seconds}"
STANDBYS = "SELECT sync_state FROM pg_stat_replication"
BEHIND = 0.5  # seconds of commits that an asynchronous standby misses
ROOM = 256 * 1024  # bytes that a full disk still has: fewer than a second of the load writes


@contextmanager
def running_cluster(**settings: str) -> Iterator[Cluster]:
    """Give a cluster of two processes with the users of the load."""
    ports = free_ports(3)
    with private_folder() as folder, Cluster(folder, ports=ports, **{**SETTINGS, **settings}) as cluster:
        add_users(cluster.variables())
        yield cluster


def grace_passes(database: Database) -> Callable[[], None]:
    """Put every rotation back by more than the grace, as if time had passed."""
    aged = AGED.format(table="gatepass.refresh_records", seconds=GRACE + 1)
    return lambda: _drop(database.execute(aged, "gatepass"))


def _drop(_: object) -> None:
    """Take what nobody needs."""


def database_killed(cluster: Cluster, *, lasts: float) -> Broken:
    passes = grace_passes(cluster.database)
    with under_load([cluster.url], "PostgreSQL killed (-9)", let_the_grace_pass=passes) as seen:
        cluster.database.kill()
        time.sleep(lasts)
        cluster.database.start()
        seen.mended = time.time()
    return seen


def database_frozen(cluster: Cluster, *, lasts: float) -> Broken:
    passes = grace_passes(cluster.database)
    with under_load([cluster.url], "PostgreSQL frozen (SIGSTOP)", let_the_grace_pass=passes) as seen:
        cluster.database.signal(signal.SIGSTOP)
        time.sleep(lasts)
        cluster.database.signal(signal.SIGCONT)
        seen.mended = time.time()
    return seen


def auth_killed(cluster: Cluster, *, lasts: float) -> Broken:
    passes = grace_passes(cluster.database)
    with under_load([cluster.url], "one of two Auths killed (-9)", let_the_grace_pass=passes) as seen:
        auth = cluster.auths[0]
        auth.kill()
        auth.make_sure_it_stopped()
        time.sleep(lasts)
        auth.start()
        wait_until_ready(auth)
    return seen


def auth_stopped(cluster: Cluster, *, lasts: float) -> Broken:
    passes = grace_passes(cluster.database)
    with under_load([cluster.url], "one of two Auths stopped (SIGTERM)", let_the_grace_pass=passes) as seen:
        auth = cluster.auths[0]
        auth.ask_to_stop()
        auth.make_sure_it_stopped()
        time.sleep(lasts)
        auth.start()
        wait_until_ready(auth)
    return seen


def rolling_restart(cluster: Cluster) -> Broken:
    passes = grace_passes(cluster.database)
    with under_load([cluster.url], "both Auths restarted in turn", let_the_grace_pass=passes) as seen:
        cluster.restart()
    return seen


Loss: TypeAlias = Literal["killed (-9)", "frozen (SIGSTOP)"]


def failover(*, synchronous: bool, lasts: float, loss: Loss = "killed (-9)") -> Broken:
    """Lose the primary for good, and promote its standby; Auth was told of both."""
    kind = "synchronous" if synchronous else "asynchronous"
    with with_standby(synchronous=synchronous) as (cluster, standby):
        passes = grace_passes(standby)
        with under_load(
            [cluster.url], f"primary {loss}, {kind} standby promoted", let_the_grace_pass=passes
        ) as seen:
            if not synchronous:
                _fall_behind(standby)
            if loss == "killed (-9)":
                cluster.database.kill()
            else:
                cluster.database.signal(signal.SIGSTOP)
            until(lambda: seen.ledger.count(503) > 0)
            time.sleep(lasts)
            standby.execute("SELECT pg_promote()")
            seen.mended = time.time()
    return seen


def standby_away(*, lasts: float) -> Broken:
    """Let the only synchronous standby be away for a while."""
    with with_standby(synchronous=True) as (cluster, standby):
        passes = grace_passes(cluster.database)
        with under_load(
            [cluster.url], "the only synchronous standby away", let_the_grace_pass=passes
        ) as seen:
            standby.stop()
            time.sleep(lasts)
            standby.start()
            seen.mended = time.time()
    return seen


@contextmanager
def with_standby(*, synchronous: bool) -> Iterator[tuple[Cluster, Database]]:
    """Give a cluster whose database has a standby; Auth is told of both."""
    with ExitStack() as stack:
        folder = stack.enter_context(private_folder())
        url = f"postgresql://gatepass@/gatepass?host={folder / 'database'},{folder / 'standby'}"
        settings = {**SETTINGS, "GATEPASS_DATABASE__URL": url}
        ports = free_ports(3)
        cluster = stack.enter_context(Cluster(folder, ports=ports, **settings))
        add_users(cluster.variables())
        standby = Database(folder / "standby")
        standby.follow(cluster.database)
        stack.callback(cluster.database.kill)  # it may be frozen
        standby.start()
        stack.callback(standby.stop)
        until(lambda: bool(cluster.database.execute(STANDBYS)))
        if synchronous:
            cluster.database.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            cluster.database.execute("SELECT pg_reload_conf()")
            until(lambda: ("sync",) in cluster.database.execute(STANDBYS))
        yield cluster, standby


def _fall_behind(standby: Database) -> None:
    """Let the standby miss what is committed in a moment, as behind a slow line."""
    standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
    standby.execute("SELECT pg_reload_conf()")
    until(lambda: not standby.execute("SELECT 1 FROM pg_stat_wal_receiver"))
    time.sleep(BEHIND)


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Give one Auth on SQLite with the users of the load."""
    site = Site(folder, free_port())
    site.env = dict(SETTINGS)
    site.run("init", str(folder), "--audience", "clinic", "--port", str(site.port))
    add_users(site.variables())
    site.start()
    try:
        yield site
    finally:
        if site.process is not None:
            site.stop()


def sqlite_killed(*, lasts: float) -> Broken:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        site = stack.enter_context(running_site(Path(folder)))
        passes = site.let_the_grace_pass
        with under_load([site.url], "Auth on SQLite killed (-9)", let_the_grace_pass=passes) as seen:
            site.stop(signal.SIGKILL)
            time.sleep(lasts)
            site.start()
            seen.mended = time.time()
    return seen


def two_on_one_file(*, lasts: float) -> Broken:
    """Two processes on one file share the load; one is killed, and started again."""
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder)) as site:
        other = Site(site.folder, free_port())
        other.env = {**site.env, "GATEPASS_SERVER__PORT": str(other.port)}
        other.start()
        try:
            with under_load(
                [site.url, other.url],
                "two Auths on one SQLite file, one killed (-9)",
                let_the_grace_pass=site.let_the_grace_pass,
            ) as seen:
                other.stop(signal.SIGKILL)
                until(lambda: seen.ledger.count(0) > 0)
                time.sleep(lasts)
                other.start()
                seen.mended = time.time()
        finally:
            if other.process is not None:
                other.stop()
    return seen


def disk_full(*, lasts: float) -> Broken:
    """Let the disk of the database fill up: a small one where that can be made, else a limit on its files."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        mounted = _small_disk(folder)
        if mounted:
            stack.callback(subprocess.run, ["umount", str(folder)], check=True)
        with running_site(folder) as site:
            fault = "SQLite's disk full" if mounted else "SQLite's files may not grow"
            with under_load([site.url], fault, let_the_grace_pass=site.let_the_grace_pass) as seen:
                free = _fill(folder) if mounted else _forbid_growth(site)
                until(lambda: seen.ledger.count(503) > 0)
                time.sleep(lasts)
                free()
                seen.mended = time.time()
            check_file(folder / "gatepass.db")
    return seen


def _small_disk(folder: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "gatepass", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _fill(folder: Path) -> Callable[[], None]:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            pass
        file.truncate(max(0, file.tell() - ROOM))
    return ballast.unlink


def _forbid_growth(site: Site) -> Callable[[], None]:
    assert site.process is not None
    pid, wal = site.process.pid, site.folder / "gatepass.db-wal"
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (wal.stat().st_size + ROOM, before[1]))
    return lambda: _drop(resource.prlimit(pid, resource.RLIMIT_FSIZE, before))


def check_file(path: Path) -> None:
    """See that SQLite itself finds nothing wrong."""
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
