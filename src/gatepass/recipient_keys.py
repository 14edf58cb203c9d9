"""Where Auth has a Service's encryption key from: a file, or a JWK Set that the Service publishes.

Auth asks for it as a Verifier asks for Auth's own keys, and with the same client: https (http on loopback
only), no redirects, a cap on size, a limit on time.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.jose import JoseError, Key, KeySet
from gatepass.verifier import FetchFailed, HttpFetch

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.auth import Recipient
    from gatepass.verifier import Fetch

_LOG: Final = logging.getLogger("gatepass")

FRESH: Final = 300.0
"""Seconds that a key counts as fresh when the answer does not say."""
SHORTEST: Final = 60.0
LONGEST: Final = 3_600.0
"""Seconds that it counts as fresh at least and at most, whatever the answer says."""
FIRST_RETRY: Final = 1.0
LONGEST_RETRY: Final = 30.0
"""Seconds until the next try after a failure: doubled each time, up to the longest."""


class RecipientRefused(Exception):
    """No key to encrypt to; the text says why, without a word of the document."""

    code: Final = "recipient_refused"


def read_recipient(data: bytes, alg: str) -> Key:
    """Read a public key from a JWK, a JWK Set (its first usable key) or PEM. Raises `RecipientRefused`."""
    try:
        keys = _keys(data, alg)
    except (JoseError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise RecipientRefused("no key that can be read: a JWK, a JWK Set or PEM is wanted") from None
    if any(key.is_private for key in keys):
        raise RecipientRefused("this is a private key, which only the Service may have; give its public half")
    fitting = [key for key in keys if key.alg == alg]
    if not fitting:
        raise RecipientRefused(f"no key for {alg}")
    return fitting[0]


def _keys(data: bytes, alg: str) -> list[Key]:
    if not data.lstrip().startswith(b"{"):
        return [Key.from_pem(data, alg)]
    found = msgspec.json.decode(data)
    if "keys" in found:
        return list(KeySet.from_jwks(data, alg))
    return [Key.from_jwk(found, None if "alg" in found else alg)]


async def keep_recipient(
    recipient: Recipient, url: str, alg: str, *, make_fetch: Callable[[], Fetch] = HttpFetch
) -> None:
    """Fetch the key and keep it current, for ever.

    What cannot be fetched or used replaces nothing: the Service still has the key that it published before.
    """
    fetch, failures = make_fetch(), 0
    try:
        while True:
            try:
                document = await fetch.get(url)
                recipient.replace(read_recipient(document.body, alg))
            except Exception as error:
                # Whatever was overlooked must not end the following: the old key stays.
                unknown = not isinstance(error, FetchFailed | RecipientRefused)
                code = getattr(error, "code", "unexpected")
                _LOG.warning("the key to encrypt tokens to was not fetched: %s", code, exc_info=unknown)
                wait = min(FIRST_RETRY * 2 ** min(failures, 8), LONGEST_RETRY)
                failures += 1
            else:
                fresh = FRESH if document.max_age is None else document.max_age
                wait, failures = min(max(fresh, SHORTEST), LONGEST), 0
            await asyncio.sleep(wait)
    finally:
        await fetch.close()
