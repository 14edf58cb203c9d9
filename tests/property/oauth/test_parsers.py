"""Whatever the bytes, nothing but an OAuthError comes out of the parsers."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatepass.oauth import (
    AccessToken,
    AccessTokenInvalid,
    Introspection,
    OAuthError,
    ScopeInvalid,
    ServerMetadata,
    bearer_token,
    challenge,
    format_scope,
    metadata_url,
    parse_scope,
    web_url,
)

ISSUER = "https://auth.example"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted(
    {*AccessToken.__struct_fields__, *Introspection.__struct_fields__, *ServerMetadata.__struct_fields__}
)
DOCUMENTS = st.dictionaries(st.sampled_from([*NAMES, "active"]), JSON | st.just(ISSUER) | st.just(True))
BYTES = st.binary() | DOCUMENTS.map(lambda document: json.dumps(document).encode("utf-8", "surrogatepass"))
PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))
SCOPE_TOKENS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'), min_size=1
)


# The machine is shared: how long an example takes says nothing here.
@given(BYTES)
def test_documents(data: bytes) -> None:
    for parse in (Introspection.from_json, lambda d: ServerMetadata.from_json(d, issuer=ISSUER)):
        with contextlib.suppress(OAuthError):
            parse(data)


@given(DOCUMENTS)
def test_claims(claims: dict[str, Any]) -> None:
    with contextlib.suppress(AccessTokenInvalid):
        AccessToken.from_claims(claims)


@given(st.text() | st.text().map(lambda text: f"Bearer {text}"))
def test_headers(header: str) -> None:
    try:
        token = bearer_token(header)
    except OAuthError:
        return
    assert token.isascii()
    assert not set(token) & set(' ,;"\r\n\t\0')
    assert bearer_token(f"Bearer {token}") == token


@given(
    st.text() | st.text().map(lambda text: f"https://{text}") | st.text().map(lambda text: f"http://{text}")
)
def test_addresses(text: str) -> None:
    try:
        parts = web_url(text)
    except OAuthError:
        return
    assert parts.scheme in {"https", "http"}
    assert parts.hostname
    try:
        assert metadata_url(text).startswith(f"{parts.scheme}://{parts.netloc}/.well-known/")
    except OAuthError:
        assert "?" in text


@given(st.frozensets(SCOPE_TOKENS))
def test_scopes_come_back_as_they_went(scope: frozenset[str]) -> None:
    assert parse_scope(format_scope(scope)) == scope


@given(st.text())
def test_scopes(text: str) -> None:
    with contextlib.suppress(ScopeInvalid):
        parse_scope(text)


@given(PRINTABLE, st.none() | st.frozensets(SCOPE_TOKENS))
def test_a_challenge_is_one_line_whose_quotes_are_balanced(realm: str, scope: frozenset[str] | None) -> None:
    text = challenge(realm=realm, error="invalid_token", scope=scope)
    assert text.isascii()
    assert text.isprintable()
    unescaped = text.replace("\\\\", "").replace('\\"', "")
    assert unescaped.count('"') % 2 == 0
    assert unescaped.endswith('"')
