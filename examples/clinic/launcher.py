"""The demo's launcher: seed on the first start, run Auth and the two Services, watch them, stop them."""

from __future__ import annotations

import argparse
import contextlib
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from examples.clinic import seeding
from examples.clinic.config import DATA, FIRST_PORT, Clinic
from examples.clinic.people import ACCOUNTS
from examples.clinic.processes import Child, DidNotStart, service, taken
from examples.clinic.switch import Order, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator

MOMENT = 0.3  # seconds


def main(arguments: list[str] | None = None) -> int:
    """Run the demo until Ctrl-C. Gives the exit status."""
    options = _options(arguments)
    ports = [options.port, options.port + 1, options.port + 2]
    if busy := taken(ports):
        return _fail(
            f"Port {busy[0]} is taken by another program (perhaps a demo that is still running).\n"
            "Choose another; the demo uses three in a row:\n\n    make demo PORT=9000\n"
            "    python -m examples.clinic --port 9000"
        )
    data = options.data.resolve()
    clinic = Clinic(port=options.port, data=data, encrypted=options.encrypted)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        if options.reset:
            seeding.forget(data)
        if not seeding.is_done(data):
            print("First start: making keys, people and appointments …", flush=True)
            seeding.seed(clinic)
        if clinic.encrypted:
            seeding.make_encryption_key(clinic)
        switch = Switch(data)
        switch.take()  # an order that an earlier demo left behind
        with _running(_children(clinic)) as children:
            _welcome(clinic, children)
            _watch(children, switch)
    except KeyboardInterrupt:
        print("\nThe clinic is closed.", flush=True)
        return 0
    except (DidNotStart, seeding.SeedingFailed) as error:
        return _fail(str(error))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m examples.clinic",
        description="The clinic: Auth, two Services and a page, to see what Gatepass does.",
    )
    parser.add_argument(
        "--port", type=int, default=FIRST_PORT, help="first of three ports in a row (%(default)s)"
    )
    parser.add_argument(
        "--data", type=Path, default=Path(DATA), help="where everything is kept (%(default)s)"
    )
    parser.add_argument(
        "--encrypted", action="store_true", help="have Auth encrypt its tokens to the two Services"
    )
    parser.add_argument("--reset", action="store_true", help="forget the data of earlier starts")
    options = parser.parse_args(arguments)
    if not 1024 <= options.port <= 65_533:
        parser.error("--port must be between 1024 and 65533")
    return options


def _children(clinic: Clinic) -> list[Child]:
    logs = clinic.data / "logs"
    logs.mkdir(exist_ok=True)
    variables = clinic.to_environment()
    auth = Child(
        "Auth", clinic.auth, seeding.gatepass("serve"), seeding.auth_variables(clinic), logs / "auth.log"
    )
    users = service("users", clinic.users, variables, logs / "users.log")
    appointments = service("appointments", clinic.appointments, variables, logs / "appointments.log")
    return [auth, users, appointments]


@contextlib.contextmanager
def _running(children: list[Child]) -> Iterator[list[Child]]:
    """All processes, answering; stopped at the end whatever happens, the Services before Auth."""
    auth, *services = children
    try:
        auth.start()
        auth.wait_until_it_answers()
        for child in services:
            child.start()
        for child in services:
            child.wait_until_it_answers()
        yield children
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave processes behind
        for child in reversed(children):
            child.ask_to_stop()
        for child in reversed(children):
            child.make_sure_it_stopped()


def _welcome(clinic: Clinic, children: list[Child]) -> None:
    width = max(len(account.email) for account in ACCOUNTS) + 2
    secret = max(len(account.password) for account in ACCOUNTS) + 2
    print(f"\n  The clinic is open:  {clinic.users}/\n\n  Log in as:")
    for account in ACCOUNTS:
        print(f"    {account.email:{width}}{account.password:{secret}}{account.name}, {account.about}")
    print("\n  Three processes:")
    for child in children:
        print(f"    {child.name:14}{child.url}   process {child.pid}")
    print(f"\n  Data and logs are kept in {clinic.data}; `make demo-reset` starts over.")
    print(
        f"  Try this in token mode: kill -9 {children[0].pid} (Auth), or its button in the page, and look on."
    )
    print("  Stop everything with Ctrl-C.\n", flush=True)


def _watch(children: list[Child], switch: Switch) -> NoReturn:
    """Say when a process ends, and start it again when Enter is pressed or the page asks for it.

    Ends by KeyboardInterrupt only.
    """
    mourned: set[str] = set()
    listening = True
    while True:
        for child in children:
            if child.name not in mourned and (how := child.ended()):
                mourned.add(child.name)
                _tell_of_the_end(child, how)
        line = _typed_line(listening=listening)
        listening = listening and line != ""
        if line and mourned:
            _start_again([child for child in children if child.name in mourned])
            mourned.clear()
        elif order := switch.take():
            mourned -= _obey(order, children)


def _obey(order: Order, children: list[Child]) -> set[str]:
    """Do what the page asks for. Gives the names of what was started."""
    auth, *services = children
    if order is Order.STOP_AUTH:
        auth.kill()  # no farewell, nothing written down: nothing may be lost by that
        return set()
    if order is Order.START_AUTH and auth.ended() is None:
        return set()
    anew = [auth] if order is Order.START_AUTH else services
    for child in anew:
        child.ask_to_stop()
    for child in anew:
        child.make_sure_it_stopped()
    _start_again(anew)
    return {child.name for child in anew}


def _tell_of_the_end(child: Child, how: str) -> None:
    words = "" if how.startswith("killed") else child.last_words()
    print(f"  {child.name} has stopped ({how}). {words}")
    if child.name == "Auth":
        print("  The Services go on. In token mode they check passes without Auth; session mode cannot.")
    print("  Press Enter to start it again, or Ctrl-C to stop everything.", flush=True)


def _start_again(children: list[Child]) -> None:
    for child in children:
        child.start()
    for child in children:
        try:
            child.wait_until_it_answers()
        except DidNotStart as error:
            print(f"  {error}", flush=True)
        else:
            print(f"  {child.name} is back, process {child.pid}.", flush=True)


def _typed_line(*, listening: bool) -> str | None:
    """A line that was typed, None when there was none for a moment, "" when there will be no more."""
    if not listening:
        time.sleep(MOMENT)
        return None
    ready, _, _ = select.select([sys.stdin], [], [], MOMENT)
    return sys.stdin.readline() if ready else None


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _fail(message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    return 1
