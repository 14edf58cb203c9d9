"""What is said to a server: requests as bytes, and talks in which one follows from the last answer."""

import json
from collections.abc import Callable, Sequence
from itertools import cycle

from benchmarks.auth.load import Talk
from benchmarks.verifier.processes import HOST

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def request(
    method: str, path: str, body: str = "", *, kind: str = JSON, authorization: str | None = None
) -> bytes:
    """One request, as it is sent."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}"]
    if authorization is not None:
        lines.append(f"Authorization: {authorization}")
    if body:
        lines.append(f"Content-Type: {kind}")
    if method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", body]).encode()


def repeated(requests: Sequence[bytes]) -> Talk:
    """Send one after the other, over and over, whatever the answers are."""
    following = cycle(requests)
    return lambda _: next(following)


def renewed(tokens: Sequence[str], ask: Callable[[str], bytes], *, member: str = "refresh_token") -> Talk:
    """Renew one token after the other, over and over, each with what its last renewal gave."""
    held = list(tokens)
    place = 0
    mark = f'"{member}":'.encode()

    def talk(answer: bytes) -> bytes:
        nonlocal place
        if answer:
            held[place] = _text_behind(mark, answer)
            place = (place + 1) % len(held)
        return ask(held[place])

    return talk


def _text_behind(mark: bytes, answer: bytes) -> str:
    """Take a member's text out of flat JSON: a third of the time that decoding takes."""
    start = answer.index(b'"', answer.index(mark) + len(mark)) + 1
    return answer[start : answer.index(b'"', start)].decode()


def json_of(**members: object) -> str:
    """A body."""
    return json.dumps(members, separators=(",", ":"))


def prepared_late(make: Callable[[], Talk]) -> Talk:
    """Prepare a talk when its first request is wanted: in the round that warms up."""
    made: list[Talk] = []

    def talk(said: bytes) -> bytes:
        if not made:
            made.append(make())
        return made[0](said)

    return talk
