"""A load on Auth that keeps a ledger: what it was told is done, must be so afterwards.

Each client logs in, refreshes, kicks itself out, and begins again. What gets no good answer is asked again,
as a client does who was told 503: with the same token, so that a refresh that took effect unseen is met
again.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from tests.integration.conftest import PASSWORD

from gatepass.jose import jwt
from gatepass.oauth import Page, mark_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CLIENTS = 4
USERS_EACH = 4
REFRESHES = 4
PAUSE = 0.05  # seconds before what failed is asked again; less than a client is told, so that more is seen
HANGING = 30.0  # seconds after which a request counts as one that waits for ever
LATER = frozenset({0, 502, 503, 504})  # what is no answer yet


class Try(NamedTuple):
    """One request."""

    began: float
    """`time.time()`."""
    seconds: float
    what: str
    status: int
    """0 where there was no answer."""
    patient: bool
    """Whether it said when to come back."""


@dataclass
class Login:
    """One log-in that was acknowledged, and what became of it."""

    user: str
    sid: str
    access: str
    tokens: list[str]
    """Refresh tokens in their order; the last one is the one that holds."""
    kicked: bool = False


@dataclass
class Ledger:
    """What clients were told."""

    tries: list[Try] = field(default_factory=list)
    logins: list[Login] = field(default_factory=list)
    refreshes: int = 0
    kicks: int = 0
    successors: dict[str, set[str]] = field(default_factory=dict)
    """Refresh token → the different ones that were given for it."""
    broken: list[str] = field(default_factory=list)
    """What was acknowledged and did not hold."""

    def count(self, *statuses: int) -> int:
        return sum(one.status in statuses for one in self.tries)

    def statuses(self) -> Counter[int]:
        return Counter(one.status for one in self.tries)

    def last_failure(self) -> float:
        """Say when the last request began that failed; 0 where none did."""
        return max((one.began for one in self.tries if not 200 <= one.status < 300), default=0.0)

    def first_failure(self) -> float:
        return min((one.began for one in self.tries if not 200 <= one.status < 300), default=0.0)

    def longest(self) -> float:
        return max(one.seconds for one in self.tries)


BYSTANDER = "bystander@example.org"
"""A user of no client: what the load does to its own users does not touch them."""


def emails() -> list[str]:
    """Give the users of all clients."""
    return [email for number in range(CLIENTS) for email in _emails(number)]


def _emails(client: int) -> list[str]:
    return [f"user-{client}-{number}@example.org" for number in range(USERS_EACH)]


class Clients:
    """Threads that ask all the time, each request at the next of the addresses."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.ledger = Ledger()
        self._urls = urls
        self._turn = 0
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._live, args=(n,)) for n in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> Ledger:
        self._done.set()
        for thread in self._threads:
            thread.join()
        return self.ledger

    def _live(self, number: int) -> None:
        users, rounds = _emails(number), 0
        while not self._done.is_set():
            rounds += 1
            login = self._log_in(users[rounds % len(users)])
            if login is not None:
                self._use(login, kick=rounds % 2 == 0)

    def _use(self, login: Login, *, kick: bool) -> None:
        self.ledger.logins.append(login)
        for _ in range(REFRESHES):
            token = login.tokens[-1]
            if not self._refresh(login, token):
                return
            self._again(token)
        if kick and self._kick(login):
            login.kicked = True
            self.ledger.kicks += 1

    def _log_in(self, email: str) -> Login | None:
        body = {"email": email, "password": PASSWORD, "mode": "token"}
        told = self._until_it_is_done("login", "/api/login", body)
        if told is None:
            return None
        return Login(email, told["sid"], told["access_token"], [told["refresh_token"]])

    def _refresh(self, login: Login, token: str) -> bool:
        told = self._until_it_is_done("refresh", "/api/refresh", {"refresh_token": token})
        if told is None:
            return False
        self.ledger.refreshes += 1
        self.ledger.successors.setdefault(token, set()).add(told["refresh_token"])
        login.tokens.append(told["refresh_token"])
        login.access = told["access_token"]
        return True

    def _again(self, token: str) -> None:
        """Present a token a second time, at another process: within the grace it gets the same answer."""
        status, told = self._ask("refresh again", "/api/refresh", {"refresh_token": token})
        if status == 200:
            self.ledger.successors[token].add(told["refresh_token"])

    def _kick(self, login: Login) -> bool:
        told = self._until_it_is_done("kick", "/api/logout", None, bearer=login.access)
        return told is not None

    def _until_it_is_done(
        self, what: str, path: str, body: object, *, bearer: str | None = None
    ) -> dict[str, Any] | None:
        """Ask until there is a good answer; None when the load ends before."""
        unsure = False
        while True:
            status, told = self._ask(what, path, body, bearer=bearer)
            if status in {200, 204}:
                return told
            if status == 401 and what == "kick" and unsure:
                return told  # it took effect the time before, whose answer was lost
            if status not in LATER:
                self.ledger.broken.append(f"{what}: {status} {told.get('code')}")
                return None
            unsure = True
            if self._done.wait(PAUSE):
                return None

    def _ask(
        self, what: str, path: str, body: object, *, bearer: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        self._turn += 1
        url = self._urls[self._turn % len(self._urls)]
        began, start = time.time(), time.monotonic()
        status, told, patient = post(url, path, body, bearer=bearer)
        self.ledger.tries.append(Try(began, time.monotonic() - start, what, status, patient))
        return status, told


def post(url: str, path: str, body: object, *, bearer: str | None = None) -> tuple[int, dict[str, Any], bool]:
    """Give the status (0: no answer), the body, and whether the answer says when to come back."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=HANGING)
    headers = {} if body is None else {"Content-Type": "application/json"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    try:
        connection.request("POST", path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        told = json.loads(text) if "json" in answer.headers.get("content-type", "") else {}
        return answer.status, told, answer.headers.get("retry-after", "").isdigit()
    except (OSError, http.client.HTTPException):
        return 0, {}, False
    finally:
        connection.close()


def presented(url: str, token: str) -> tuple[int, dict[str, Any]]:
    """Present a refresh token until there is an answer: where a machine is slow, a 503 is none yet."""
    end = time.monotonic() + HANGING
    while True:
        status, told, _ = post(url, "/api/refresh", {"refresh_token": token})
        if status not in LATER or time.monotonic() > end:
            return status, told
        time.sleep(PAUSE)


def hold_to(ledger: Ledger, urls: Sequence[str], *, let_the_grace_pass: Callable[[], None]) -> list[str]:
    """Look what became of what was acknowledged; gives what does not hold."""
    broken = list(ledger.broken)
    broken += [f"honoured twice: {len(found)}" for found in ledger.successors.values() if len(found) > 1]
    taken_back = taken_back_by(urls[0])
    for number, login in enumerate(ledger.logins):
        status, told = presented(urls[number % len(urls)], login.tokens[-1])
        if status != (401 if login.kicked else 200):
            broken.append(f"{'kicked' if login.kicked else 'logged in'}: a refresh is {status} {told}")
        subject = str(jwt.peek(login.access).claims["sub"])  # many ended sessions of a user become one entry
        if login.kicked and not {mark_of(login.sid), mark_of(subject)} & taken_back:
            broken.append("kicked, and not in the feed")
    let_the_grace_pass()
    for number, login in enumerate(ledger.logins):
        for token in login.tokens[:1]:  # the first of each line: it was used, and is good for nothing now
            status, _ = presented(urls[number % len(urls)], token)
            if status != 401:
                broken.append(f"a used refresh token is honoured: {status}")
    return broken


def taken_back_by(url: str) -> set[int]:
    """Read the whole feed as it is served; gives the marks of sessions, and of users whose sessions ended."""
    marks: set[int] = set()
    after, more = "", True
    while more:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=HANGING)
        connection.request("GET", f"/revocations{after}")
        page = Page.from_claims(jwt.peek(connection.getresponse().read().decode()).claims)
        connection.close()
        marks |= {one.mark for one in page.selectors}
        after, more = f"?after={page.cursor}", page.more
    return marks
