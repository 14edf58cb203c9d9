"""JSONTestSuite, as the payload of a JWT and as a member of its header.

A `y_` text must be read, an `n_` text must be refused, an `i_` text may be either; and whatever happens, only
an error of ours comes out. What is stricter here than JSON asks (RFC 7493: no duplicate members) is counted
with its reason.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator

import pytest
from tests.vectors.corpus import FOLDER, needs_vectors

from gatepass.jose import ClaimMissing, JoseError, Key, Malformed, Policy, jws, jwt

SECRET = b"thirty-two bytes of pure secret!"
KEY = Key.from_secret("HS256", SECRET, kid="k")
POLICY = Policy(issuer="i", audience="a", typ="JWT", algorithms=frozenset({"HS256"}))

# What RFC 8259 lets pass and we refuse on purpose.
STRICTER = {
    "y_object_duplicated_key.json": "a duplicate member (RFC 7493 §2.3)",
    "y_object_duplicated_key_and_value.json": "a duplicate member (RFC 7493 §2.3)",
}


def texts(kind: str) -> list[tuple[str, bytes]]:
    """Give name and content of each text of one kind: y, n or i."""
    folder = FOLDER / "JSONTestSuite" / "test_parsing"
    return [(path.name, path.read_bytes()) for path in sorted(folder.glob(f"{kind}_*.json"))]


def signed(header: bytes, payload: bytes) -> str:
    """Sign whatever bytes by hand: what the suite is about must not be refused for its signature."""

    def b64(data: bytes) -> bytes:
        return urlsafe_b64encode(data).rstrip(b"=")

    message = b64(header) + b"." + b64(payload)
    return (message + b"." + b64(hmac.digest(SECRET, message, hashlib.sha256))).decode()


def as_payload(text: bytes) -> dict[str, object]:
    """Give the claims; what stands after the reading of the JSON is that a required claim is missing."""
    token = signed(b'{"alg":"HS256","typ":"JWT"}', text)
    claims = dict(jwt.peek(token).claims)
    with pytest.raises(ClaimMissing):
        jwt.verify(token, KEY, POLICY, now=0.0)
    return claims


def as_header(text: bytes) -> object:
    """Give the value of a header member, after the signature was checked."""
    token = signed(b'{"alg":"HS256","typ":"JWT","x":' + text + b"}", b"{}")
    _, header = jws.verify(token, KEY, typ="JWT", algorithms=frozenset({"HS256"}))
    return header["x"]


PLACES = {"payload": as_payload, "header": as_header}


def cases(kind: str) -> Iterator[object]:
    for name, text in texts(kind):
        for place in PLACES:
            yield pytest.param(place, name, text, id=f"{name} as {place}")


Record = Callable[[str, object], None]


@needs_vectors
@pytest.mark.parametrize(("place", "name", "text"), list(cases("y")))
def test_a_good_text_is_read(place: str, name: str, text: bytes, record_property: Record) -> None:
    value = json.loads(text)
    if reason := STRICTER.get(name):
        verdict = f"y_ refused, left out on purpose: {reason}"
    elif place == "payload" and not isinstance(value, dict):
        verdict = "y_ refused, left out on purpose: claims are an object (RFC 7519 §7.2)"
    else:
        verdict = "y_ read, as published"
    record_property("vector", (f"JSONTestSuite as {place}", verdict))
    if verdict == "y_ read, as published":
        assert PLACES[place](text) == value
    else:
        with pytest.raises(Malformed):
            PLACES[place](text)


@needs_vectors
@pytest.mark.parametrize(("place", "name", "text"), list(cases("n")))
def test_a_bad_text_is_refused(place: str, name: str, text: bytes, record_property: Record) -> None:
    record_property("vector", (f"JSONTestSuite as {place}", "n_ refused, as published"))
    with pytest.raises(Malformed):
        PLACES[place](text)


@needs_vectors
@pytest.mark.parametrize(("place", "name", "text"), list(cases("i")))
def test_a_doubtful_text_ends_in_a_value_or_in_our_error(
    place: str, name: str, text: bytes, record_property: Record
) -> None:
    try:
        PLACES[place](text)
    except JoseError:
        what = "refused"
    else:
        what = "read"
    record_property("vector", (f"JSONTestSuite as {place}", f"i_ {what}, either is right"))


def transforms() -> list[tuple[str, bytes]]:
    """Give name and content of the texts that readers understand differently."""
    return [
        (path.name, path.read_bytes())
        for path in sorted((FOLDER / "JSONTestSuite" / "test_transform").glob("*"))
    ]


@needs_vectors
@pytest.mark.parametrize(("name", "text"), transforms(), ids=[name for name, _ in transforms()])
def test_a_text_that_readers_differ_on_is_read_as_everybody_does_or_not_at_all(
    name: str, text: bytes, record_property: Record
) -> None:
    try:
        value = as_header(text)
    except JoseError:
        what = "refused"
    else:
        what = "read"
        assert value == json.loads(text)
    record_property("vector", ("JSONTestSuite test_transform", what))
    assert what == "refused" or "same_key" not in name


@needs_vectors
@pytest.mark.parametrize(("kind", "count"), [("y", 95), ("n", 188), ("i", 35)])
def test_the_suite_is_complete(kind: str, count: int) -> None:
    assert len(texts(kind)) >= count
