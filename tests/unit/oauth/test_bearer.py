"""Bearer tokens in a header, and the challenge that asks for one (RFC 6750)."""

import pytest

from gatepass.oauth import BearerError, ScopeInvalid, bearer_token, challenge, is_session_pass


@pytest.mark.parametrize(
    "header", ["Bearer mF_9.B5f-4.1JqM", "bearer mF_9.B5f-4.1JqM", "BEARER   mF_9.B5f-4.1JqM"]
)
def test_the_token_is_taken_out_of_the_header(header: str) -> None:
    assert bearer_token(header) == "mF_9.B5f-4.1JqM"


@pytest.mark.parametrize("token", ["a", "a=", "a==", "-._~+/", "A" * 10_000])
def test_every_b64token_of_rfc_6750_2_1_is_a_token(token: str) -> None:
    assert bearer_token(f"Bearer {token}") == token


MALFORMED = {
    "empty": "",
    "no token": "Bearer",
    "no token after the space": "Bearer ",
    "only padding": "Bearer ==",
    "padding in the middle": "Bearer a=b",
    "another scheme": "Basic YWRhOnB3",
    "no scheme": "mF_9.B5f-4.1JqM",
    "a tab instead of the space": "Bearer\tabc",
    "space before": " Bearer abc",
    "space after": "Bearer abc ",
    "two tokens": "Bearer abc def",
    "two credentials": "Bearer abc, Bearer def",
    "a quoted token": 'Bearer "abc"',
    "a parameter": "Bearer token=abc;",
    "a line break": "Bearer abc\r\nX: y",
    "a null": "Bearer abc\0",
    "not ASCII": "Bearer ábc",
    "a digit that is not ASCII": "Bearer ab٣",
    "a dotless i in the scheme": "bearer".replace("e", "є") + " abc",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_header_is_refused(case: str) -> None:
    with pytest.raises(BearerError) as refusal:
        bearer_token(MALFORMED[case])
    assert refusal.value.code == "invalid_request"
    assert "abc" not in str(refusal.value)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, 'Bearer realm="gatepass"'),
        ({"realm": "clinic"}, 'Bearer realm="clinic"'),
        ({"realm": ""}, 'Bearer realm=""'),
        ({"error": "invalid_token"}, 'Bearer error="invalid_token"'),
        (
            {"realm": "clinic", "error": "invalid_token", "description": "The access token expired"},
            'Bearer realm="clinic", error="invalid_token", error_description="The access token expired"',
        ),
        (
            {"error": "insufficient_scope", "scope": {"b", "a"}},
            'Bearer error="insufficient_scope", scope="a b"',
        ),
        ({"realm": 'the "best" c\\inic'}, 'Bearer realm="the \\"best\\" c\\\\inic"'),
    ],
)
def test_a_challenge_is_written_by_rfc_6750_3(arguments: dict[str, str], text: str) -> None:
    assert challenge(**arguments) == text  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["realm", "error", "description", "scope"])
@pytest.mark.parametrize("evil", ["a\r\nSet-Cookie: x=1", "a\nb", "a\rb", "a\0b", "a\x7fb", "á", "\u2028"])
def test_nothing_ends_the_header_early(part: str, evil: str) -> None:
    with pytest.raises((ValueError, ScopeInvalid)):
        challenge(**{part: {evil} if part == "scope" else evil})  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["error", "description", "scope"])
@pytest.mark.parametrize("evil", ['a", scope="admin', "a\\"])
def test_nothing_ends_the_quoted_string_early(part: str, evil: str) -> None:
    with pytest.raises((ValueError, ScopeInvalid)):
        challenge(**{part: {evil} if part == "scope" else evil})  # type: ignore[arg-type]


def test_a_session_pass_is_known_by_its_exact_shape() -> None:
    assert is_session_pass("gps_" + "A" * 43)
    for other in (
        "gps_" + "A" * 42,
        "gps_" + "A" * 44,
        "gpr_" + "A" * 43,
        "gps_" + "A" * 42 + "=",
        "a.b.c",
        "",
    ):
        assert not is_session_pass(other)
