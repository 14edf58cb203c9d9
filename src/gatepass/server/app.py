"""The ASGI application: the route table, the outer layer, and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from gatepass.server.answers import Refused
from gatepass.server.feed import FOLLOWERS, FeedHub
from gatepass.server.headers import Frame
from gatepass.server.openapi import document
from gatepass.server.operation import Resource
from gatepass.server.pages import Pages
from gatepass.server.routes import operations, pages
from gatepass.server.site import ServerConfig, Site

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from gatepass.auth import Auth
    from gatepass.server.operation import Row


def create_app(
    auth: Auth,
    config: ServerConfig,
    *,
    clock: Callable[[], float] = time.time,
    followers: int = FOLLOWERS,
) -> Starlette:
    """Make Auth's HTTP surface.

    `clock` gives seconds since the epoch and is read once per request; `followers` is how many may follow the
    revocation feed at once. Call `app.state.feed.close()` before the end: they would stay for ever.
    """
    api = operations(config)
    site = Site(
        auth,
        config,
        feed=FeedHub(auth, issuer=config.issuer, clock=clock, followers=followers),
        pages=Pages(app_origins=config.app_origins),
        document=document(config, api, lifetime=auth.terms.access_token_lifetime),
        clock=clock,
    )
    resources = _resources(site, [*api, *pages()])
    literal = {path: resource for path, resource in resources.items() if "{" not in path}
    app = Starlette(
        routes=[Route(path, resource) for path, resource in resources.items() if path not in literal]
    )
    app.router.default = _unrouted(site, app.router.not_found)
    # Outside of Starlette's own layers, which nothing of ours needs.
    app.middleware_stack = Frame(
        app.build_middleware_stack(),
        hsts=config.hsts if config.https else None,
        app_origins=config.app_origins,
        trusted=config.trusted_networks,
        literal=literal,
    )
    app.state.feed = site.feed
    # No guesses: a path with one slash too many is another path, and a redirect would be built from `Host`.
    app.router.redirect_slashes = False
    return app


def _resources(site: Site, rows: list[Row]) -> dict[str, Resource]:
    """Gather the rows of each path."""
    by_path: dict[str, list[Row]] = {}
    for row in rows:
        by_path.setdefault(row.path, []).append(row)
    return {path: Resource(site, rows_of_path) for path, rows_of_path in by_path.items()}


def _unrouted(site: Site, not_found: ASGIApp) -> ASGIApp:
    """Answer for a path that no row has: as a problem to programs, as a page to people."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await not_found(scope, receive, send)
            return
        site.counters.count("no such route")
        site.traffic.answered("no such route", 404, 0.0)
        refused = Refused("not_found")
        is_api = scope["path"].startswith(("/api/", "/.well-known/", "/revocations"))
        found = refused.answer() if is_api else site.pages.problem(refused)
        await found.send(send)

    return answer
