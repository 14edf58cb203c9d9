"""A load of two users on a Service: what each request was answered, when, and after how long."""

from __future__ import annotations

import http.client
import threading
import time
from typing import NamedTuple

PAUSE = 0.02  # seconds between two requests of a thread; a Service is to be watched, not to be tried
THREADS = 2
HANGING = 20.0  # seconds after which a request counts as one that waits for ever


class Seen(NamedTuple):
    """One request."""

    began: float
    """`time.time()`."""
    seconds: float
    user: str
    status: int
    """0 where there was no answer."""
    process: str


class Load:
    """Threads that ask all the time, by a new connection each: so every process of a Service is met."""

    frozen = 0.0
    """The most seconds for which this machine let us wait when we asked nobody for anything."""

    def __init__(self, port: int, tokens: dict[str, str]) -> None:
        self.seen: list[Seen] = []
        self._port = port
        self._tokens = tokens
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(THREADS)]
        self._threads.append(threading.Thread(target=self._tick_on))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def last(self, user: str) -> int | None:
        """Say what the user's newest answer was."""
        return next((one.status for one in reversed(self.seen) if one.user == user), None)

    def of(self, user: str, *, status: int | None = None) -> list[Seen]:
        return [one for one in self.seen if one.user == user and status in {None, one.status}]

    def _ask_on(self) -> None:
        while not self._done.is_set():
            for user, token in self._tokens.items():
                self.seen.append(ask(self._port, user, token))
            self._done.wait(PAUSE)

    def _tick_on(self) -> None:
        while not self._done.is_set():
            before = time.monotonic()
            self._done.wait(PAUSE)
            self.frozen = max(self.frozen, time.monotonic() - before - PAUSE)


def ask(port: int, user: str, token: str) -> Seen:
    began, start = time.time(), time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGING)
    try:
        connection.request("GET", "/", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        status, process = answer.status, answer.headers.get("x-process", "")
        if status == 503 and not answer.headers.get("retry-after", "").isdigit():
            status = 0
    except (OSError, http.client.HTTPException):
        status, process = 0, ""
    finally:
        connection.close()
    return Seen(began, time.monotonic() - start, user, status, process)
