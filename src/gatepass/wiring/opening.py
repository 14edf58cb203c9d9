"""Auth put together: from what the operator decided to the store, the terms and the keys behind it."""

from __future__ import annotations

import importlib.util
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatepass.auth import Auth, Limit, Recipient, Terms
from gatepass.server import PasswordPool, ServerConfig
from gatepass.storage import SqliteStore
from gatepass.wiring.breaches import late_breaches
from gatepass.wiring.errors import WiringError
from gatepass.wiring.private_files import metrics_for, read_kek, read_shared_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gatepass.settings import Encryption, Settings
    from gatepass.storage.postgres import PostgresStore

_KEY_AT_MOST: Final = 65_536  # bytes of a file that holds a public key


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Auth]:
    """Open the database and put Auth together, without a key loaded. Raises `WiringError`, `AuthError`."""
    kek = read_kek(settings.keys.kek_file)
    file = settings.keys.shared_secret_file
    secrets = None if file is None else read_shared_secrets(file)
    recipient = recipient_of(settings.encryption)
    try:
        terms = terms_of(settings)
    except ValueError as error:
        raise WiringError(str(error)) from None
    store = await open_store(settings)
    passwords = PasswordPool(entropy=os.urandom)
    try:
        yield Auth(
            store=store,
            passwords=passwords,
            entropy=os.urandom,
            kek=kek,
            terms=terms,
            shared_secrets=secrets,
            breaches=late_breaches(settings.passwords),
            recipient=recipient,
        )
    finally:
        passwords.close()
        await store.close()


async def open_store(settings: Settings) -> SqliteStore | PostgresStore:
    """Open the database that the settings name. Raises `WiringError`, `StorageUnavailable`."""
    if settings.database.url is None:
        return SqliteStore.open(settings.database.path)
    try:
        from gatepass.storage.postgres import PostgresStore  # late: only who uses it has the driver
    except ModuleNotFoundError:
        raise WiringError(
            "database.url needs PostgreSQL's driver; run: pip install 'gatepass[postgres]'"
        ) from None
    return await PostgresStore.open(settings.database.url)


def terms_of(settings: Settings) -> Terms:
    """Tell auth what the operator decided."""
    login, tokens = settings.login, settings.tokens
    return Terms(
        issuer=settings.issuer,
        audience=settings.audience,
        access_token_lifetime=tokens.lifetime,
        refresh_idle=tokens.refresh_idle,
        refresh_absolute=tokens.refresh_absolute,
        refresh_grace=tokens.grace,
        session_idle=settings.sessions.idle,
        session_absolute=settings.sessions.absolute,
        account_limit=Limit(login.attempts_per_account, login.window),
        address_limit=Limit(login.attempts_per_address, login.window),
        events_kept=settings.events.keep,
        link_lifetime=settings.links.lifetime,
        invite_lifetime=settings.links.invite_lifetime,
        registration_open=login.registration,
        signing_algorithm=settings.keys.algorithm,
        key_lifetime=settings.keys.lifetime,
        key_publish_ahead=settings.keys.publish_ahead,
    )


def config_of(settings: Settings) -> ServerConfig:
    """Tell the server what the operator decided."""
    return ServerConfig.from_names(
        issuer=settings.issuer,
        app_origins=settings.server.app_origins,
        trusted_proxies=settings.server.trusted_proxies,
        counters=settings.server.counters,
        metrics=metrics_for(settings.server.metrics),
        hsts=settings.server.hsts,
    )


def recipient_of(encryption: Encryption) -> Recipient | None:
    """Say to whom tokens are encrypted; a key that a Service publishes comes later. Raises `WiringError`."""
    if encryption.jwks_url is not None:
        if importlib.util.find_spec("aiohttp") is None:
            raise WiringError(
                "encryption.jwks_url needs an HTTP client; run: pip install 'gatepass[verifier]'"
            )
        return Recipient(enc=encryption.content)
    if encryption.key_file is None:
        return None
    from gatepass.recipient_keys import RecipientRefused, read_recipient  # late: only for who encrypts

    try:
        with Path(encryption.key_file).open("rb") as file:
            key = read_recipient(file.read(_KEY_AT_MOST), encryption.algorithm)
    except OSError as error:
        raise WiringError(f"can't read {encryption.key_file}: {error.strerror}") from None
    except RecipientRefused as error:
        raise WiringError(f"{encryption.key_file}: {error}") from None
    return Recipient(enc=encryption.content, key=key)
