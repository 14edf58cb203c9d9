"""Django, in one file; a sync view, and two async ones."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from gatepass.verifier import Verifier
from gatepass.verifier.adapters.django import Gate

issuer = os.environ.get("GATEPASS_ISSUER", "http://127.0.0.1:8000")
gate = Gate(Verifier(issuer=issuer, audience="my-site"))
settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.gate"])


def open_to_all(request: HttpRequest) -> JsonResponse:
    """Greet whoever comes."""
    user = gate.optional_user(request)
    return JsonResponse({"hello": user.name if user else "stranger"})


async def me(request: HttpRequest) -> JsonResponse:
    """Say who is there."""
    return JsonResponse({"subject": (await gate.acurrent_user(request)).subject})


@gate.require("appointments:read")
async def appointments(request: HttpRequest) -> JsonResponse:
    """Show what only some may see."""
    return JsonResponse({"doctor": (await gate.acurrent_user(request)).name})


urlpatterns = [path("open", open_to_all), path("me", me), path("appointments", appointments)]
app = get_asgi_application()
