"""Requests to a running service, and what its answers say about it."""

from __future__ import annotations

import http.client
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from gatepass.jose import JoseError, jwt
from gatepass.testing.attacks import Needs
from gatepass.testing.forger import sign_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.testing.forger import Forger

PATIENCE: Final = 5.0
"""Seconds that a service may take for an answer: a stranger's token is refused in milliseconds."""

REFUSED: Final = frozenset({401})
MALFORMED: Final = frozenset({400, 401, 413, 431})  # RFC 6750 §3.1; RFC 6585 §5 for what is too long


class NoAnswer(Exception):
    """The service gave no answer; the text says what happened."""


@dataclass(frozen=True, slots=True, repr=False)
class Knock:
    """One request: the `Authorization` headers it carries, and its query."""

    headers: tuple[str, ...]
    query: str = ""
    answers: frozenset[int] = REFUSED
    """The statuses that refuse it."""


class Target:
    """A service at a URL. Raises `ValueError` for what is no http(s) URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
            raise ValueError("not a URL of the form http://localhost:9000/api")
        self.name = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._connection = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._host, self._port = parts.hostname, parts.port
        self._path, self._query = parts.path or "/", parts.query

    def reach(self) -> None:
        """Make sure that somebody listens there. Raises `NoAnswer`."""
        port = self._port or self._connection.default_port
        try:
            socket.create_connection((self._host, port), timeout=PATIENCE).close()
        except OSError as error:
            raise NoAnswer(
                f"nobody listens at {self.name}: is it running? ({type(error).__name__})"
            ) from None

    def answer(self, knock: Knock) -> int:
        """Send a request and give the status. Raises `NoAnswer`."""
        connection = self._connection(self._host, self._port, timeout=PATIENCE)
        query = "&".join(part for part in (self._query, knock.query) if part)
        try:
            connection.putrequest("GET", f"{self._path}?{query}" if query else self._path)
            connection.putheader("Accept", "*/*")
            for value in knock.headers:
                connection.putheader("Authorization", value)
            connection.endheaders()
            return connection.getresponse().status
        except TimeoutError:
            raise NoAnswer(f"it gave no answer within {PATIENCE:g} s") from None
        except (http.client.HTTPException, OSError) as error:
            raise NoAnswer(f"it broke off ({type(error).__name__})") from None
        finally:
            connection.close()


def with_token(token: str) -> Knock:
    """Carry a token as it should be carried; what is no whole token may be refused as malformed."""
    try:
        jwt.peek(token)
    except JoseError:
        return Knock((f"Bearer {token}",), answers=MALFORMED)
    return Knock((f"Bearer {token}",))


def what_is_wrong(status: int, answers: frozenset[int]) -> str | None:
    """Say in a sentence what an answer to an attack tells of the service; None when it is right."""
    if status in answers:
        return None
    if 200 <= status < 300:
        return f"it LET THIS IN ({status})"
    if status == 403:
        return (
            "it answered 403, as to a user who may not do this: so it believed the token; the answer is 401"
        )
    if status == 503:
        return "it answered 503: it can't check any token now; are its issuer and its keys there?"
    if status >= 500:
        return f"it failed ({status}): a stranger can make it crash"
    if status in MALFORMED:
        return f"it answered {status}; whoever shows a whole token that does not hold hears 401"
    return f"it answered {status}, which neither lets in nor refuses: is the URL right?"


def what_is_wrong_with_good(status: int) -> str | None:
    """Say what an answer to a good token says; None when it was let in."""
    if 200 <= status < 300:
        return None
    if status == 403:
        return "the good token was answered 403: give one whose user may do this"
    if status in REFUSED:
        return "the good token was refused (401): is it expired, or for another service?"
    return f"the good token was answered {status}: is the URL right, and does GET belong there?"


class Manner(NamedTuple):
    """An attack that lies in how a token is carried."""

    read: str
    needs: Needs
    knock: Callable[[Forger], Knock]


def _strange(f: Forger) -> str:
    return f.write(None, None, sign_with(f.stranger))


MANNERS: Final[dict[str, Manner]] = {
    "no token at all": Manner("RFC 6750 §3", Needs.NOTHING, lambda _: Knock(())),
    "an empty token": Manner(
        "RFC 6750 §2.1", Needs.NOTHING, lambda _: Knock(("Bearer ",), answers=MALFORMED)
    ),
    "another scheme": Manner(
        "RFC 9110 §11.1", Needs.NOTHING, lambda _: Knock(("Basic cm9vdDpyb290",), answers=MALFORMED)
    ),
    "a forged token under a lower-case scheme": Manner(
        "RFC 9110 §11.1", Needs.NOTHING, lambda f: Knock((f"bearer {_strange(f)}",))
    ),
    "a good token in the query": Manner(
        "RFC 9700 §4.3.2",
        Needs.GOOD_TOKEN,
        lambda f: Knock((), query=f"access_token={f.bend()}", answers=MALFORMED),
    ),
    "a good token, and a forged one in a second header": Manner(
        "RFC 9110 §5.3",
        Needs.GOOD_TOKEN,
        lambda f: Knock((f"Bearer {f.bend()}", f"Bearer {_strange(f)}"), answers=MALFORMED),
    ),
    "a forged token, and a good one in a second header": Manner(
        "RFC 9110 §5.3",
        Needs.GOOD_TOKEN,
        lambda f: Knock((f"Bearer {_strange(f)}", f"Bearer {f.bend()}"), answers=MALFORMED),
    ),
    "two tokens in one header": Manner(
        "RFC 6750 §2.1",
        Needs.GOOD_TOKEN,
        lambda f: Knock((f"Bearer {f.bend()}, Bearer {_strange(f)}",), answers=MALFORMED),
    ),
}
