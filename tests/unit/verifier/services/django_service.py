"""The Service in Django, which knows one set of settings per process: the gate is changed beneath them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from tests.unit.verifier.services.demanding import demands, named
from tests.unit.verifier.services.passes import Passes

from gatepass.verifier.adapters.django import Gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.asgi import App

gate = Gate(Passes())

settings.configure(
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[f"{__name__}.gate"],
    ROOT_URLCONF=(),
    LOGGING_CONFIG=None,
    USE_TZ=True,
)
django.setup()


def sync_app(own: Gate) -> WSGIHandler:
    """Make the Service of sync views."""

    def open_to_all(request: HttpRequest) -> HttpResponse:
        return HttpResponse(named(own.optional_user(request)))

    def me(request: HttpRequest) -> HttpResponse:
        return HttpResponse(named(own.current_user(request)))

    _use(own, open_to_all, me)
    return WSGIHandler()


def async_app(own: Gate) -> App:
    """Make the Service of async views."""

    async def open_to_all(request: HttpRequest) -> HttpResponse:
        return HttpResponse(named(await own.aoptional_user(request)))

    async def me(request: HttpRequest) -> HttpResponse:
        return HttpResponse(named(await own.acurrent_user(request)))

    _use(own, open_to_all, me)
    return cast("App", ASGIHandler())


def mixed_app(own: Gate) -> App:
    """Serve the sync views over ASGI."""
    sync_app(own)
    return cast("App", ASGIHandler())


def _use(own: Gate, open_to_all: Callable[..., Any], me: Callable[..., Any]) -> None:
    global gate
    gate = own
    routes = [path("open", open_to_all), path("me", me)]
    routes += [path(at[1:], demand(me)) for at, demand in demands(own).items()]
    settings.ROOT_URLCONF = tuple(routes)
