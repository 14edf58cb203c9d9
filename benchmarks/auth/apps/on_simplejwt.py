"""djangorestframework-simplejwt with its blacklist, rotating, ES256; Django on SQLite.

`python on_simplejwt.py` fills the tables and tells the load what it needs; granian serves `app`.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings
from django.http import JsonResponse
from django.urls import path

FOLDER = Path(os.environ["BENCH_FOLDER"])


def _key() -> str:
    """One key for all processes of a run."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    file = FOLDER / "simplejwt.pem"
    if not file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        kinds = (
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(key.private_bytes(*kinds))
    return file.read_text()


def _public(key: str) -> str:
    from cryptography.hazmat.primitives import serialization

    loaded = serialization.load_pem_private_key(key.encode(), None).public_key()
    kinds = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return loaded.public_bytes(*kinds).decode()


_PRIVATE = _key()
settings.configure(
    SECRET_KEY="not used: tokens are signed with ES256",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FOLDER / "simplejwt.db",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
            },
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
    ],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ("rest_framework_simplejwt.authentication.JWTAuthentication",),
        "DEFAULT_RENDERER_CLASSES": ("rest_framework.renderers.JSONRenderer",),
    },
    SIMPLE_JWT={
        "ALGORITHM": "ES256",
        "SIGNING_KEY": _PRIVATE,
        "VERIFYING_KEY": _public(_PRIVATE),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
        "ACCESS_TOKEN_LIFETIME": timedelta(hours=1),
    },
)
django.setup()

from django.core.wsgi import get_wsgi_application
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework_simplejwt import views


@api_view(["GET"])
@permission_classes([IsAuthenticated])
def me(request):
    return Response({"id": request.user.pk, "email": request.user.email})


urlpatterns = [
    path("token/", views.TokenObtainPairView.as_view()),
    path("token/refresh/", views.TokenRefreshView.as_view()),
    path("token/verify/", views.TokenVerifyView.as_view()),
    path("me/", me),
    path("healthz/", lambda _: JsonResponse({})),
]
app = get_wsgi_application()


def fill(sessions: int) -> None:
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import transaction
    from rest_framework_simplejwt.tokens import RefreshToken

    call_command("migrate", verbosity=0)
    hashed = make_password("correct horse battery")
    User.objects.bulk_create(
        User(username=f"user{i}", email=f"user{i}@clinic.example", password=hashed)
        for i in range(sessions // 10)
    )
    held = list(User.objects.all())
    with transaction.atomic():
        tokens = [RefreshToken.for_user(held[i // 10]) for i in range(sessions)]
    told = tokens[:: sessions // 1000 or 1]
    access = [str(each.access_token) for each in told[:256]]
    print(json.dumps({"refresh": [str(each) for each in told], "access": access}))


if __name__ == "__main__":
    fill(int(sys.argv[1]))
