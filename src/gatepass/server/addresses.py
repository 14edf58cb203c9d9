"""Whose address a request is charged to, and whose word counts for it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.types import Scope

    Network = IPv4Network | IPv6Network

# What reverse proxies write: a request with one of these comes from further away than its socket says.
_IN_SOMEBODYS_NAME: Final = frozenset(
    {b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip"}
)

# A chain of proxies is short; a longer list only makes us parse.
MAX_FORWARDED: Final = 32


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
    if peer is None or not trusted:
        return peer
    here = _parsed(peer)
    if here is None or not _is_in(here, trusted):
        return peer
    for text in reversed(_forwarded(headers)):
        there = _parsed(text)
        if there is None:
            break  # what a proxy of ours wrote is an address; anything else ends the chain of trust
        here = there
        if not _is_in(here, trusted):
            break
    return str(here)


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Say whether a socket's peer is one of the trusted proxies."""
    here = _parsed(peer)
    return here is not None and _is_in(here, trusted)


def is_from_this_machine(scope: Scope) -> bool:
    """Say whether a program on this machine asks by itself: from loopback, and not in somebody's name."""
    peer = scope.get("client")
    here = _parsed(peer[0]) if peer else None
    named = any(name in _IN_SOMEBODYS_NAME for name, _ in scope["headers"])
    return here is not None and here.is_loopback and not named


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
