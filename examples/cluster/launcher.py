"""`python -m examples.cluster`: start the cluster, say what can be tried, end it with Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from typing import NoReturn

from examples.clinic.processes import DidNotStart, taken
from examples.cluster.cluster import Cluster
from examples.cluster.database import private_folder
from examples.cluster.programs import NotHere

FIRST_PORT = 8750
EMAIL, PASSWORD = "ada@cluster.example", "correct horse battery"


def main(arguments: list[str] | None = None) -> int:
    """Run the cluster until Ctrl-C. Gives the exit status."""
    options = _options(arguments)
    ports = list(range(options.port, options.port + options.processes + 1))
    if busy := taken(ports):
        return _fail(f"Port {busy[0]} is taken by another program. Choose others: --port 9000")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with private_folder() as folder, Cluster(folder, ports=ports) as cluster:
            _add_ada(cluster)
            _welcome(cluster)
            _watch(cluster)
    except KeyboardInterrupt:
        print("\nThe cluster has ended.", flush=True)
        return 0
    except (DidNotStart, NotHere) as error:
        return _fail(str(error))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.cluster", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=FIRST_PORT, help="nginx's; those behind it are Auth's (%(default)s)"
    )
    parser.add_argument("--processes", type=int, default=3, help="of Auth (%(default)s)")
    options = parser.parse_args(arguments)
    if not (1024 <= options.port <= 65_000 and 1 <= options.processes <= 16):
        parser.error("--port must be between 1024 and 65000, --processes between 1 and 16")
    return options


def _add_ada(cluster: Cluster) -> None:
    named = [EMAIL, "--first-name", "Ada", "--last-name", "Example"]
    held = ["--permission", "gatepass:admin"]
    cluster.gatepass("user", "add", "--password-stdin", *named, *held, stdin=PASSWORD)


def _welcome(cluster: Cluster) -> None:
    print(f"\n  The cluster is open:  {cluster.url}/\n\n  Log in as {EMAIL}, {PASSWORD}\n")
    for child in (cluster.balancer, *cluster.auths):
        print(f"    {child.name:8}{child.url}   process {child.pid}")
    process = cluster.database.process
    print(f"    PostgreSQL behind {cluster.database.folder}   process {process.pid if process else '-'}")
    print("\n  Try this:  kill one of Auth's processes, with -9 too; look into the logs in")
    print(f"  {cluster.folder / 'logs'}; what was killed is started again.")
    print("  Stop everything with Ctrl-C.\n", flush=True)


def _watch(cluster: Cluster) -> NoReturn:
    """Start again what ended, as a supervisor does. Ends by KeyboardInterrupt only."""
    while True:
        for child in (cluster.balancer, *cluster.auths):
            if how := child.ended():
                print(f"  {child.name} has ended ({how}); it is started again.", flush=True)
                time.sleep(1)
                child.start()
        time.sleep(0.3)


def _interrupt(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave processes behind
    raise KeyboardInterrupt


def _fail(message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    return 1
