"""Auth as a process: the socket, the site behind it, and what goes on beside the requests."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gatepass.auth import usecases
from gatepass.server import FOLLOWERS, configure_logs, create_app
from gatepass.wiring.breaches import open_breaches
from gatepass.wiring.errors import WiringError
from gatepass.wiring.housekeeping import house_kept
from gatepass.wiring.mailing import mailer_of
from gatepass.wiring.opening import config_of, opened

if TYPE_CHECKING:
    from gatepass.settings import Settings

_LOG: Final = logging.getLogger("gatepass")

# Connections waiting to be accepted; short bursts above it make clients try again.
BACKLOG: Final = 2048


def serve(settings: Settings, *, verbose: bool = False) -> None:
    """Run Auth until SIGINT or SIGTERM. Raises `WiringError`, `AuthError`."""
    configure_logs(settings.log.format, settings.log.level)
    verbose = verbose or settings.log.access
    listener = listening_socket(settings.server.host, settings.server.port)
    with listener:
        runner = asyncio.Runner(loop_factory=_loop_factory())
        with runner:
            runner.run(_serve(settings, listener, verbose=verbose))


async def _serve(settings: Settings, listener: socket.socket, *, verbose: bool) -> None:
    from gatepass.server.http_server import HttpServer  # late: 120 ms that no other command needs

    mailer = mailer_of(settings.mail, os.environ)
    async with AsyncExitStack() as stack:
        breaches = stack.enter_context(open_breaches(settings.passwords))
        auth = replace(await stack.enter_async_context(opened(settings)), breaches=breaches)
        await usecases.change_algorithm(auth, now=time.time())
        app = create_app(auth, config_of(settings), followers=_followers())
        server = HttpServer(app, access_log=verbose)
        host, port = listener.getsockname()[:2]
        _LOG.info("listening on %s:%s for %s", host, port, settings.issuer)
        async with house_kept(auth, settings, mailer):
            await server.serve(sockets=[listener])


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind before anything else is done, so that a taken port is told in words. Raises `WiringError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        another = port + 1 if 0 < port < 65_535 else 8080
        raise WiringError(
            f"can't listen on {host}:{port} ({error.strerror or error}). Choose another port: "
            f"gatepass serve --port {another}, or server.port in the settings, or GATEPASS_SERVER__PORT. "
            "Where browsers use that port directly, the issuer must name it too."
        ) from None
    return listener


def _followers() -> int:
    """Say how many may follow the revocation feed: half of the connections that this process may have, after
    it took as many as it is allowed."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return FOLLOWERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * FOLLOWERS if hard == resource.RLIM_INFINITY else min(4 * FOLLOWERS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return FOLLOWERS if soft == resource.RLIM_INFINITY else min(FOLLOWERS, soft // 2)


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    """Take uvloop where there is one: it is not made for Windows."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return None
    return uvloop.Loop
