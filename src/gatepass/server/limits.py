"""What a request may weigh, and whose address it is charged to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from gatepass.server.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.types import Receive

    Network = IPv4Network | IPv6Network

# The largest honest body is an expired access token with a long list of permissions.
MAX_BODY: Final = 32_768

# A chain of proxies is short; a longer list only makes us parse.
MAX_FORWARDED: Final = 32


class ClientGone(Exception):
    """The client hung up before its request was whole; there is nobody to answer."""


async def read_body(headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes:
    """Read the body up to `MAX_BODY` bytes. Raises `Refused("body_too_large")`, `ClientGone`."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and int(value[:12]) > MAX_BODY:
            raise Refused("body_too_large")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise Refused("body_too_large")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def parse_networks(names: Sequence[str]) -> tuple[Network, ...]:
    """Parse addresses and networks such as `10.0.0.0/8`. Raises `ValueError`."""
    return tuple(ip_network(name) for name in names)


def client_address(
    peer: str | None, headers: Iterable[tuple[bytes, bytes]], trusted: Sequence[Network]
) -> str | None:
    """Say whose request it is: the socket's peer, or what a trusted proxy saw.

    `X-Forwarded-For` is read from the right, past the proxies that are trusted; the first address that is
    not is the client's. Whatever stands left of it the client may have invented. None: no address known.
    """
    if peer is None:
        return None
    here = _parsed(peer)
    if not trusted or here is None or not _is_in(here, trusted):
        return peer
    for text in reversed(_forwarded(headers)):
        there = _parsed(text)
        if there is None:
            break  # what a proxy of ours wrote is an address; anything else ends the chain of trust
        here = there
        if not _is_in(here, trusted):
            break
    return str(here)


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    values = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    return [text.strip() for text in ",".join(values).split(",")][-MAX_FORWARDED:] if values else []


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address; an IPv4 address in IPv6's clothes is the IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_in(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
