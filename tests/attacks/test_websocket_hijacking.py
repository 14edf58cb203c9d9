"""Cross-site WebSocket hijacking: a page elsewhere opens a socket with our user's cookie, and reads along.

A handshake is a GET, and no CORS check is made for it: who lets every GET pass, lets this one pass too.
"""

import json

import pytest
from tests.unit.verifier.services.passes import Passes
from tests.unit.verifier.services.sockets import ECHOES, connected, echo

from gatepass.verifier import Cookie

OWN = "https://clinic.example"
PASS = {"Cookie": "pass=good"}

HIJACKED: dict[str, dict[str, str]] = {
    "another site's page": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another site's page, an old browser": {"Origin": "https://evil.example"},
    "a neighbour under the same domain": {
        "Origin": "https://x.clinic.example",
        "Sec-Fetch-Site": "same-site",
    },
    "a sandboxed frame": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "no word on where it comes from": {},
    "our origin at another scheme": {"Origin": "http://clinic.example"},
    "our origin with a tail": {"Origin": f"{OWN}.evil.example"},
    "our host alone": {"Host": "clinic.example"},
}

OUR_OWN: dict[str, dict[str, str]] = {
    "our own page": {"Origin": OWN, "Sec-Fetch-Site": "same-origin"},
    "our own page, a browser that says Origin alone": {"Origin": OWN},
}

every_framework = pytest.mark.parametrize("framework", ECHOES)
COOKIE = (Cookie("pass", origins=frozenset({OWN})),)


@every_framework
@pytest.mark.parametrize("headers", HIJACKED.values(), ids=HIJACKED)
async def test_another_site_opens_no_socket_with_our_cookie(framework: str, headers: dict[str, str]) -> None:
    async with connected(echo(framework, Passes(), carry=COOKIE), PASS | headers) as client:
        denial = await client.denial()
        assert (denial.status, json.loads(denial.body)["code"]) == (403, "csrf")
        await client.ended()


@every_framework
@pytest.mark.parametrize("headers", OUR_OWN.values(), ids=OUR_OWN)
async def test_our_own_page_does(framework: str, headers: dict[str, str]) -> None:
    async with connected(echo(framework, Passes(), carry=COOKIE), PASS | headers) as client:
        assert (await client.hear())["type"] == "websocket.accept"
