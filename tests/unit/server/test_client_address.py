"""Whose address a request is charged to."""

import pytest

from gatepass.server.addresses import client_address, parse_networks

TRUSTED = parse_networks(["10.0.0.0/8", "127.0.0.1", "fd00::/8"])

# peer, X-Forwarded-For headers, trusted, whose request it is
CASES = {
    "no proxy is trusted: the header is a stranger's word": ("127.0.0.1", ["1.2.3.4"], (), "127.0.0.1"),
    "the peer is no proxy of ours": ("192.0.2.1", ["1.2.3.4"], TRUSTED, "192.0.2.1"),
    "one proxy": ("10.0.0.1", ["203.0.113.7"], TRUSTED, "203.0.113.7"),
    "two proxies": ("10.0.0.1", ["203.0.113.7, 10.0.0.2"], TRUSTED, "203.0.113.7"),
    "the client invented the left part": ("10.0.0.1", ["6.6.6.6, 203.0.113.7"], TRUSTED, "203.0.113.7"),
    "the client invented a proxy of ours": ("10.0.0.1", ["10.0.0.9, 203.0.113.7"], TRUSTED, "203.0.113.7"),
    "two headers are one list": ("10.0.0.1", ["6.6.6.6", "203.0.113.7"], TRUSTED, "203.0.113.7"),
    "everything is ours": ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], TRUSTED, "10.0.0.3"),
    "no header": ("10.0.0.1", [], TRUSTED, "10.0.0.1"),
    "an empty header": ("10.0.0.1", [""], TRUSTED, "10.0.0.1"),
    "rubbish ends the chain": ("10.0.0.1", ["203.0.113.7, unknown"], TRUSTED, "10.0.0.1"),
    "IPv6": ("fd00::1", ["2001:db8::5"], TRUSTED, "2001:db8::5"),
    "IPv4 in IPv6's clothes": ("::ffff:10.0.0.1", ["203.0.113.7"], TRUSTED, "203.0.113.7"),
    "no address known": (None, ["203.0.113.7"], TRUSTED, None),
}


@pytest.mark.parametrize("name", CASES)
def test_client_address(name: str) -> None:
    peer, forwarded, trusted, whose = CASES[name]
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    assert client_address(peer, headers, trusted) == whose
