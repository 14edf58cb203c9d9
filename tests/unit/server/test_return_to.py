"""Where a browser may be sent: exact origins, or a path of ours, and nothing that looks like one."""

import pytest

from gatepass.server.return_to import MAX_LENGTH, safe_return_to

OWN = "https://login.example.org"
APPS = frozenset({"https://app.example.org", "http://127.0.0.1:8001"})

ACCEPTED = [
    "/",
    "/?done=ended",
    "/sessions#here",
    "https://app.example.org",
    "https://app.example.org/",
    "https://app.example.org/page?a=1&b=//x#top",
    "https://app.example.org?query",
    "http://127.0.0.1:8001/",
    "https://login.example.org/",
]

REFUSED = {
    "nothing": None,
    "an empty text": "",
    "another site": "https://evil.example/",
    "another site without scheme": "//evil.example/",
    "three slashes": "///evil.example/",
    "a slash and a backslash": "/\\evil.example/",
    "two backslashes": "\\\\evil.example/",
    "a tab between slashes": "/\t/evil.example/",
    "a line end between slashes": "/\n/evil.example/",
    "a space before": " https://app.example.org/",
    "a control character before": "\x01https://app.example.org/",
    "a script": "javascript:alert(1)",
    "data": "data:text/html,x",
    "scheme and no slashes": "https:evil.example",
    "scheme and one slash": "https:/evil.example",
    "a longer host with our app as prefix": "https://app.example.org.evil.example/",
    "our app as user of another host": "https://app.example.org@evil.example/",
    "a user at our app": "https://me@app.example.org/",
    "a backslash in the host": "https://app.example.org\\@evil.example/",
    "our app over http": "http://app.example.org/",
    "our app at another port": "https://app.example.org:8443/",
    "our app at its default port": "https://app.example.org:443/",
    "a longer port": "http://127.0.0.1:80010/",
    "our app in capitals": "https://APP.example.org/",
    "the scheme in capitals": "HTTPS://app.example.org/",
    "a dot after the host": "https://app.example.org./",
    "a sub-domain": "https://x.app.example.org/",
    "a relative path": "page",
    "a path that climbs": "../page",
    "a letter beyond ASCII in the host": "https://app.example.örg/",
    "a header's end": "/\r\nset-cookie: a=b",
    "more than we read": "/" + "a" * MAX_LENGTH,
    "the form itself": "/login",
    "the form itself, with a query": "/login?return_to=/login",
    "the form itself, absolute": "https://login.example.org/login",
    "log-out": "/logout",
}


@pytest.mark.parametrize("address", ACCEPTED)
def test_accepted(address: str) -> None:
    assert safe_return_to(address, own_origin=OWN, app_origins=APPS) == address


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    assert safe_return_to(REFUSED[name], own_origin=OWN, app_origins=APPS) is None
