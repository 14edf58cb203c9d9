"""How soon a kicked-out user is refused: from the end of the session to the last of many followers."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.verifier.auth import Auth, serving
from benchmarks.verifier.percentile import percentile
from benchmarks.verifier.processes import LOAD_CORE, SERVICE_CORE, Running, on_core, python, running
from benchmarks.verifier.sizes import Size

KICKS_PER_USER = 15
"""Auth joins the entries of a user with more than 20 ended sessions into one, which would end others too."""
PAUSE = 0.1
"""Seconds between two kicks: the next must not meet the last one's followers still at work."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Followers in processes: how many of each kind, and on which core each process runs."""

    verifiers: int
    bare: int
    cores: tuple[int, ...]


@dataclass(slots=True)
class Figures:
    """Milliseconds over all followers and all kicks."""

    p50_ms: float
    """From before the request that ends the session."""
    p99_ms: float
    after_answer_p50_ms: float
    """From the answer to that request: below 0 where a follower knew before who asked for it."""
    after_answer_p99_ms: float
    last_p50_ms: float
    """The last follower of each kick."""
    samples: int


def crowds(size: Size) -> dict[str, Crowd]:
    """What is measured, by the words of the table."""
    other = SERVICE_CORE
    found = {}
    for count in size.followers:
        found[f"{count:,}: arrived at the socket"] = Crowd(0, count, (other,))
        found[f"{count:,}: refused by each Verifier"] = Crowd(count, 0, (other,))
    most = max(size.followers)
    some = max(most // 20, 1)
    found[f"{most:,}: refused by each of {some} Verifiers among bare streams"] = Crowd(
        some, most - some, (other,)
    )
    if other != LOAD_CORE:
        found[f"{most:,}: refused by each Verifier, half of them on Auth's core"] = Crowd(
            most, 0, (other, LOAD_CORE)
        )
    return found


def measure(folder: Path, size: Size, say: Callable[[str], None]) -> dict[str, Figures]:
    """Kick people out, with each crowd watching."""
    on_core(LOAD_CORE)
    figures = {}
    with serving(folder / "auth") as auth:
        for number, (name, crowd) in enumerate(crowds(size).items()):
            say(f"kick-out, {name} ...")
            figures[name] = _measured(auth, crowd, _people(auth, number, size.kicks), folder)
    return figures


def _people(auth: Auth, number: int, kicks: int) -> list[tuple[str, str]]:
    """Log people in; gives the session id and a token of each."""
    users = [auth.add(f"ada-{number}-{user}") for user in range(-(-kicks // KICKS_PER_USER))]
    sessions = [auth.session(users[kick // KICKS_PER_USER]) for kick in range(kicks)]
    return [(session, auth.token(session)) for session in sessions]


def _measured(auth: Auth, crowd: Crowd, people: list[tuple[str, str]], folder: Path) -> Figures:
    tokens = [token for _, token in people]
    from_request: list[float] = []
    from_answer: list[float] = []
    last: list[float] = []
    with following(auth.url, crowd, tokens, folder) as children:
        auth.counts()  # the connection is open
        for kick, (session, _) in enumerate(people):
            time.sleep(PAUSE)
            asked = time.monotonic()
            auth.ask("POST", "/api/logout", credential=session)
            answered = time.monotonic()
            moments = [at for child in children for at in _read(child, "kick", kick)["at"]]
            from_request += [(at - asked) * 1e3 for at in moments]
            from_answer += [(at - answered) * 1e3 for at in moments]
            last.append((max(moments) - asked) * 1e3)
    return Figures(
        percentile(from_request, 0.50),
        percentile(from_request, 0.99),
        percentile(from_answer, 0.50),
        percentile(from_answer, 0.99),
        percentile(last, 0.50),
        len(from_request),
    )


@contextlib.contextmanager
def following(url: str, crowd: Crowd, tokens: list[str], folder: Path) -> Iterator[list[Running]]:
    """Run the processes of a crowd, all of them following."""
    with contextlib.ExitStack() as stack:
        children = []
        for core, kinds in zip(crowd.cores, shared_out(crowd), strict=True):
            child = stack.enter_context(
                running(
                    python("benchmarks.verifier.followers"),
                    core=core,
                    variables={},
                    log=folder / "followers.log",
                )
            )
            assert child.stdin is not None
            child.stdin.write(json.dumps({"url": url, "kinds": kinds, "tokens": tokens}) + "\n")
            child.stdin.flush()
            children.append(child)
        for child in children:
            _read(child, "following", None)
        yield children


def shared_out(crowd: Crowd) -> list[list[str]]:
    """Which followers each process has; the Verifiers spread evenly among the bare ones, for nobody is served
    first."""
    total = crowd.verifiers + crowd.bare
    kinds = [
        "verifier" if (place + 1) * crowd.verifiers // total > place * crowd.verifiers // total else "bare"
        for place in range(total)
    ]
    return [kinds[first :: len(crowd.cores)] for first in range(len(crowd.cores))]


def _read(child: Running, word: str, value: int | None) -> dict[str, Any]:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        raise RuntimeError("a process of followers ended; its log says why")
    said: dict[str, Any] = json.loads(line)
    if word not in said or (value is not None and said[word] != value):
        raise RuntimeError(f"expected {word} {value}, not {line[:80]}")
    return said
