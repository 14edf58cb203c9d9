"""What goes on beside the requests: keys move, what lapsed goes, mails leave, events are written out."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gatepass.auth import Auth, AuthError, usecases
from gatepass.oauth import Selects
from gatepass.server import EventCollector, EventExport, EventFile, StandardOutput
from gatepass.wiring.errors import WiringError
from gatepass.wiring.mailing import carry_mails
from gatepass.wiring.opening import open_store
from gatepass.wiring.private_files import collector_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gatepass.auth import Mailer
    from gatepass.server import Outlet
    from gatepass.settings import Settings

_LOG: Final = logging.getLogger("gatepass")

# How often keys are moved and loaded again, and lapsed rows deleted. A key rotated by the command line is
# known after this long, far below the time it is published before it signs. Seconds.
HOUSEKEEPING_EVERY: Final = 15.0

# Entries of the feed that are looked through for revoked keys in one go: a millisecond.
FEED_PIECE: Final = 200


@asynccontextmanager
async def house_kept(auth: Auth, settings: Settings, mailer: Mailer) -> AsyncIterator[None]:
    """Keep house meanwhile, with a store of its own: what it reads is no request's look-up."""
    store = await open_store(settings)
    apart = replace(auth, store=store)
    chores = [
        asyncio.create_task(keep_house(apart)),
        asyncio.create_task(watch_keys(apart)),
        asyncio.create_task(carry_mails(apart, mailer)),
    ]
    if auth.recipient is not None and settings.encryption.jwks_url is not None:
        from gatepass.recipient_keys import keep_recipient  # late: only for who encrypts

        url, alg = settings.encryption.jwks_url, settings.encryption.algorithm
        chores.append(asyncio.create_task(keep_recipient(auth.recipient, url, alg)))
    outlet = outlet_of(settings)
    if outlet is not None:
        name = f"{socket.gethostname()} {os.getpid()} {os.urandom(4).hex()}"
        chores.append(asyncio.create_task(EventExport(store, outlet, name=name, clock=time.time).run()))
    try:
        yield
    finally:
        for chore in chores:
            chore.cancel()
        await asyncio.gather(*chores, return_exceptions=True)
        await store.close()


async def keep_house(auth: Auth) -> None:
    """Move keys, load the ring, delete what lapsed, compact the feed, for ever.

    One bad round is logged and is not the last.
    """
    while True:
        await asyncio.sleep(HOUSEKEEPING_EVERY)
        for chore in (usecases.keep_keys, usecases.purge, usecases.compact_revocations):
            try:
                await chore(auth, now=time.time())
            except AuthError as error:
                _LOG.warning("housekeeping: %s failed: %s (%s)", chore.__name__, error.code, error)
            except Exception:
                _LOG.exception("housekeeping: %s failed", chore.__name__)


async def watch_keys(auth: Auth) -> None:
    """Load the ring at once when any process revoked a key, for ever: until then this one signs with it."""
    place: int | None = None
    while True:
        try:
            if place is None:
                place = (await auth.store.revocations_after(0, 0)).head
            if await auth.store.revocations_grew(place, HOUSEKEEPING_EVERY):
                place = await _heeded(auth, place)
        except AuthError as error:
            _LOG.warning("watching for revoked keys failed: %s (%s)", error.code, error)
            await asyncio.sleep(HOUSEKEEPING_EVERY)
        except Exception:
            _LOG.exception("watching for revoked keys failed")
            await asyncio.sleep(HOUSEKEEPING_EVERY)


async def _heeded(auth: Auth, place: int) -> int:
    """Look through the entries behind a place for keys; gives the place that was reached."""
    feed = await auth.store.revocations_after(place, FEED_PIECE)
    if any(entry.revocation.selects is Selects.KID for entry in feed.entries):
        await usecases.keep_keys(auth, now=time.time())
    return feed.entries[-1].seq if feed.entries else feed.head


def outlet_of(settings: Settings) -> Outlet | None:
    """Say where events are written to. Raises `WiringError` where that can't be."""
    if settings.events.to == "off":
        return None
    if settings.events.to == "stdout":
        return StandardOutput()
    if "://" in settings.events.to:
        return EventCollector(settings.events.to, token=collector_token(settings.events))
    file = EventFile(settings.events.to)
    try:
        file.touch()
    except OSError as error:
        raise WiringError(f"can't write events to {settings.events.to}: {error.strerror or error}") from None
    return file
