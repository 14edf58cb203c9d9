"""Metadata documents (RFC 8414), and which addresses may be in them."""

import json

import pytest

from gatepass.oauth import (
    IssuerDiffers,
    MetadataInvalid,
    ServerMetadata,
    UrlRefused,
    issuer_url,
    metadata_url,
    web_url,
)

ISSUER = "https://auth.example"


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://auth.example", "https://auth.example/.well-known/oauth-authorization-server"),
        ("https://auth.example/", "https://auth.example/.well-known/oauth-authorization-server"),
        ("https://auth.example/one", "https://auth.example/.well-known/oauth-authorization-server/one"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/.well-known/oauth-authorization-server"),
    ],
)
def test_the_well_known_path_goes_before_the_issuers_own(issuer: str, url: str) -> None:
    assert metadata_url(issuer) == url


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.example/x?y=z",
        "https://auth.example:8443",
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://127.9.9.9",
        "http://[::1]:8000/x",
    ],
)
def test_https_and_http_on_loopback_may_be_asked(url: str) -> None:
    assert web_url(url).geturl() == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "auth.example",
        "//auth.example",
        "https://",
        "https:///x",
        "file:///etc/passwd",
        "ftp://auth.example",
        "javascript:alert(1)",
        "http://auth.example",
        "http://10.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://0.0.0.0",
        "http://2130706433",
        "https://ada@auth.example",
        "https://ada:pw@auth.example",
        "https://auth.example#x",
        "https://auth.example#",
        "https://auth.example:99999",
        "https://auth.example:port",
        "https://[::1",
        "https://auth.example/\r\nHost: evil.example",
        "https://auth.\texample",
        " https://auth.example",
        "https://auth.example\\@evil.example",
        "https://äuth.example",
        "https://auth.example/" + "a" * 2048,
    ],
)
def test_nothing_else_may_be_asked(url: str) -> None:
    with pytest.raises(UrlRefused):
        web_url(url)


def test_an_issuer_has_no_query() -> None:
    for url in ("https://auth.example?x", "https://auth.example?"):
        with pytest.raises(UrlRefused):
            issuer_url(url)


def test_a_document_comes_back_as_it_went_and_leaves_out_what_is_absent() -> None:
    metadata = ServerMetadata(issuer=ISSUER, jwks_uri=f"{ISSUER}/jwks")
    assert json.loads(metadata.to_json()) == {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}
    assert ServerMetadata.from_json(metadata.to_json(), issuer=ISSUER) == metadata


def test_unknown_members_are_passed_over_rfc_8414_3_2() -> None:
    document = json.dumps({"issuer": ISSUER, "grant_types_supported": ["x"], "jwks_uri": f"{ISSUER}/jwks"})
    assert ServerMetadata.from_json(document.encode(), issuer=ISSUER).jwks_uri == f"{ISSUER}/jwks"


@pytest.mark.parametrize(
    "issuer",
    [ISSUER + "/", ISSUER + "/x", ISSUER.upper(), "https://auth.example:443", "https://evil.example"],
)
def test_another_issuers_document_is_refused_even_if_nearly_equal(issuer: str) -> None:
    document = json.dumps({"issuer": issuer, "jwks_uri": f"{ISSUER}/jwks"}).encode()
    with pytest.raises(IssuerDiffers):
        ServerMetadata.from_json(document, issuer=ISSUER)


@pytest.mark.parametrize("document", [b"", b"null", b"[]", b"{}", b'{"issuer":5}', b"\xff", b"[" * 100_000])
def test_what_is_no_metadata_is_refused(document: bytes) -> None:
    with pytest.raises(MetadataInvalid):
        ServerMetadata.from_json(document, issuer=ISSUER)


@pytest.mark.parametrize("member", [name for name in ServerMetadata.__struct_fields__ if name != "issuer"])
def test_every_address_in_a_document_is_judged(member: str) -> None:
    for url in ("file:///etc/passwd", "http://auth.example/x", "http://127.0.0.1/x", "nonsense"):
        with pytest.raises(MetadataInvalid, match=member):
            ServerMetadata(issuer=ISSUER, **{member: url})
    ServerMetadata(issuer=ISSUER, **{member: "https://cdn.example/x"})
    ServerMetadata(issuer="http://127.0.0.1:8000", **{member: "http://127.0.0.1:8000/x"})
