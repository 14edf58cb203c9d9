"""Peers: how each is had, started, and spoken to; who can't be had is passed over, loudly."""

import contextlib
import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.auth.environments import environment
from benchmarks.auth.load import Talk
from benchmarks.auth.sizes import CONNECTIONS
from benchmarks.auth.subjects import (
    CHECK,
    INTROSPECTION,
    JWKS,
    LOGIN,
    REFRESH,
    Launch,
    Subject,
    started,
)
from benchmarks.auth.talks import FORM, json_of, renewed, repeated, request
from benchmarks.npm import FOLDER as NODE
from benchmarks.npm import node_with
from benchmarks.verifier.auth import PASSWORD
from benchmarks.verifier.processes import HOST

APPS = Path(__file__).parent / "apps"
RENEWED = 32
"""Refresh tokens that each connection renews in turn."""
CLIENT = "Basic " + b64encode(b"clinic:secret").decode()

Told = Mapping[str, list[str]]
"""Credentials that the peer's tables hold, by kind."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One from PyPI."""

    name: str
    module: str
    requirements: tuple[str, ...]
    server: str
    probe: str
    talks: Callable[[Told], dict[str, list[Talk]]]
    note: str


def contenders(
    folder: Path, *, sessions: int, say: Callable[[str], None]
) -> Iterator[AbstractContextManager[Subject]]:
    """Give all that can be had, each with so many sessions."""
    node = node_with("oidc-provider", say)
    if node is not None:
        yield _node(node, folder / "oidc-provider", sessions)
    for peer in PEERS:
        programs = environment(peer.module.removeprefix("on_"), peer.requirements, say)
        if programs is not None:
            yield _python(peer, programs, folder / peer.module, sessions, say)


@contextlib.contextmanager
def _python(
    peer: Peer, programs: Path, folder: Path, sessions: int, say: Callable[[str], None]
) -> Iterator[Subject]:
    say(f"filling {peer.name} ...")
    folder.mkdir(parents=True)
    variables = {"BENCH_FOLDER": str(folder)}
    filled = subprocess.run(
        [programs / "python", APPS / f"{peer.module}.py", str(sessions)],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if filled.returncode:
        raise RuntimeError(f"{peer.name} could not be filled:\n{filled.stderr[-2000:]}")

    def command(port: int) -> list[str]:
        target = [f"{peer.module}:app", "--host", HOST]
        if peer.server == "uvicorn":
            options = ["--app-dir", str(APPS), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        else:
            options = ["--interface", "wsgi", "--working-dir", str(APPS), "--blocking-threads", "1"]
        return [
            *(str(programs / peer.server), *target, "--port", str(port), *options),
            *("--log-level", "warning"),
        ]

    launch = Launch(command, lambda _: variables, folder / "server.log", peer.probe)
    told: Told = json.loads(filled.stdout)
    with started(launch) as process:
        pids = (process.pid, *_children(process.pid))
        yield Subject(peer.name, (process.port,), pids, launch, peer.talks(told), peer.note)


@contextlib.contextmanager
def _node(node: str, folder: Path, sessions: int) -> Iterator[Subject]:
    folder.mkdir(parents=True)
    script, seed = NODE / "oidc-provider.mjs", folder / "seed.json"
    launch = Launch(
        # Whoever is started later finds the seed, and is not filled: its start is a start.
        lambda port: [node, str(script), str(port), str(seed), str(sessions)],
        lambda _: {"NODE_ENV": "production"},
        folder / "server.log",
        "/jwks",
    )
    with started(launch) as process:
        told: Told = json.loads(seed.read_text())
        talks = {
            REFRESH: _renewals(told["refresh"], _oauth_renewal("/token")),
            INTROSPECTION: _introspections(told["access"], "/token/introspection"),
            JWKS: _all_alike([request("GET", "/jwks")]),
        }
        note = "everything in memory, nothing durable; access tokens JWTs, introspected ones opaque"
        yield Subject("node-oidc-provider 9, memory", (process.port,), (process.pid,), launch, talks, note)


def _children(pid: int) -> list[int]:
    """The processes that a process has started: a server's workers."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in found.read_text().split()] if found.exists() else []


def _all_alike(requests: list[bytes]) -> list[Talk]:
    """Every connection sends them all, each beginning elsewhere."""
    step = max(1, len(requests) // CONNECTIONS)
    return [repeated(requests[i * step :] + requests[: i * step]) for i in range(CONNECTIONS)]


def _renewals(
    tokens: Sequence[str], ask: Callable[[str], bytes], *, member: str = "refresh_token"
) -> list[Talk]:
    held = tokens[: RENEWED * CONNECTIONS]
    return [renewed(held[i::CONNECTIONS], ask, member=member) for i in range(CONNECTIONS)]


def _oauth_renewal(path: str) -> Callable[[str], bytes]:
    def ask(token: str) -> bytes:
        body = urlencode({"grant_type": "refresh_token", "refresh_token": token})
        return request("POST", path, body, kind=FORM, authorization=CLIENT)

    return ask


def _introspections(tokens: Sequence[str], path: str) -> list[Talk]:
    return _all_alike(
        [
            request("POST", path, urlencode({"token": each}), kind=FORM, authorization=CLIENT)
            for each in tokens
        ]
    )


def _fastapi_users(told: Told) -> dict[str, list[Talk]]:
    def login(user: int) -> bytes:
        body = urlencode({"username": f"user{user}@clinic.example", "password": PASSWORD})
        return request("POST", "/auth/login", body, kind=FORM)

    checks = [request("GET", "/users/me", authorization=f"Bearer {each}") for each in told["session"]]
    return {CHECK: _all_alike(checks), LOGIN: [repeated([login(i)]) for i in range(CONNECTIONS)]}


def _simplejwt(told: Told) -> dict[str, list[Talk]]:
    def login(user: int) -> bytes:
        return request("POST", "/token/", json_of(username=f"user{user}", password=PASSWORD))

    def renewal(token: str) -> bytes:
        return request("POST", "/token/refresh/", json_of(refresh=token))

    verified = [request("POST", "/token/verify/", json_of(token=each)) for each in told["access"]]
    return {
        REFRESH: _renewals(told["refresh"], renewal, member="refresh"),
        CHECK: _all_alike(
            [request("GET", "/me/", authorization=f"Bearer {each}") for each in told["access"]]
        ),
        INTROSPECTION: _all_alike(verified),
        LOGIN: [repeated([login(i)]) for i in range(CONNECTIONS)],
    }


def _authlib(told: Told) -> dict[str, list[Talk]]:
    return {
        REFRESH: _renewals(told["refresh"], _oauth_renewal("/oauth/token")),
        INTROSPECTION: _introspections(told["access"], "/oauth/introspect"),
        JWKS: _all_alike([request("GET", "/.well-known/jwks.json")]),
    }


PEERS = (
    Peer(
        "Authlib + Flask, SQLite",
        "on_authlib",
        ("authlib==1.9.10", "flask==3.1.3", "flask-sqlalchemy==3.1.1", "joserfc==1.8.0", "granian==2.8.7"),
        "granian",
        "/.well-known/jwks.json",
        _authlib,
        "SQLAlchemy on SQLite (WAL, FULL), ES256, under granian, the fastest server for it",
    ),
    Peer(
        "simplejwt + blacklist, SQLite",
        "on_simplejwt",
        ("django==5.2.19", "djangorestframework-simplejwt[crypto]==5.5.1", "granian==2.8.7"),
        "granian",
        "/healthz/",
        _simplejwt,
        "Django on SQLite (WAL, FULL), ES256, under granian; its session check is a view that needs a login,"
        " and its introspection is TokenVerifyView; its passwords are hashed with PBKDF2",
    ),
    Peer(
        "fastapi-users, SQLite",
        "on_fastapi_users",
        (
            *("fastapi-users[sqlalchemy]==15.0.5", "fastapi==0.165.0", "aiosqlite==0.22.1"),
            *("uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0"),
        ),
        "uvicorn",
        "/users/me",
        _fastapi_users,
        "SQLAlchemy and aiosqlite (WAL, FULL), tokens in the database; its session check is GET /users/me;"
        " its argon2id takes 64 MiB, t=3, p=4",
    ),
)
