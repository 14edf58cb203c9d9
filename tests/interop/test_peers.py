"""Both ways with each peer: what one makes, the other takes; for every algorithm that both know."""

from collections.abc import Iterator
from typing import Any

import joserfc.errors
import jwcrypto.common
import jwt as pyjwt
import pytest
from tests.interop.peers import AGREEMENT, HMAC, PASSWORD, WRAPPING, Joserfc, Jwcrypto, NodeJose, Peer, PyJwt
from tests.property.jose_keys import direct_key, key_of, side

from gatepass.jose import Key, Policy, jwe, jws
from gatepass.jose import jwt as our_jwt

pytestmark = [
    pytest.mark.xdist_group("interop"),  # one process of Node, and keys that are made once
    pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:jwcrypto"),
]

PEERS: dict[str, Peer] = {peer.name: peer for peer in (PyJwt(), Joserfc(), Jwcrypto(), NodeJose())}
NODE = NodeJose.name
PAYLOAD = '{"iss":"joe","näme":"\U0001f511"}'.encode()


REFUSALS = (pyjwt.PyJWTError, joserfc.errors.JoseError, jwcrypto.common.JWException, ValueError)


def of_every_peer(kind: str) -> list[Any]:
    return [
        pytest.param(PEERS[name], alg, id=f"{name} {alg}")
        for name, peer in PEERS.items()
        for alg in getattr(peer, kind)
    ]


@pytest.fixture(scope="module", autouse=True)
def _leave() -> Iterator[None]:
    yield
    node = PEERS[NODE]
    assert isinstance(node, NodeJose)
    node.close()


@pytest.fixture(autouse=True)
def _present(request: pytest.FixtureRequest) -> None:
    peer = request.node.callspec.params.get("peer")
    if isinstance(peer, NodeJose) and (reason := NodeJose.absent()):
        pytest.skip(reason)


def halves(key: Key) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what the holder of the key is given, and what everybody is given."""
    private = key.to_private_jwk()
    return private, private if private["kty"] == "oct" else key.to_jwk()


@pytest.mark.parametrize(("peer", "alg"), of_every_peer("jws"))
def test_what_we_sign_they_verify(peer: Peer, alg: str) -> None:
    key = key_of(alg)
    token = jws.sign(PAYLOAD, key, typ="JWT")
    assert peer.verify(alg, halves(key)[1], token) == PAYLOAD
    with pytest.raises(REFUSALS):  # the twin: they do look at the signature
        peer.verify(alg, halves(key)[1], token[:-8] + "AAAAAAAA")


@pytest.mark.parametrize(("peer", "alg"), of_every_peer("jws"))
def test_what_they_sign_we_verify(peer: Peer, alg: str) -> None:
    key = key_of(alg)
    private, public = halves(key)
    token = peer.sign(alg, private, PAYLOAD)
    # PyJWT and others write a typ of their own liking.
    typ = our_jwt.peek_header(token).get("typ")
    assert jws.verify(token, Key.from_jwk(public), typ=typ, algorithms=side(alg))[0] == PAYLOAD


def keys_for(peer: Peer, alg: str, enc: str) -> list[Key]:
    if alg == "dir":
        return [direct_key(enc)]
    if alg in AGREEMENT:
        return [key_of(alg, curve) for curve in peer.curves]
    return [key_of(alg)]


def encryptions(peer: Peer, alg: str) -> tuple[str, ...]:
    return peer.enc[:1] if alg in PASSWORD else peer.enc  # half a second each


# joserfc turns at most 300,000 rounds of PBKDF2, half of what is advised for SHA-256 and what we write.
FEWER_ROUNDS = ("joserfc", "PBES2-HS256+A128KW")


@pytest.mark.parametrize(("peer", "alg"), of_every_peer("jwe"))
def test_what_we_encrypt_they_decrypt(peer: Peer, alg: str) -> None:
    if (peer.name, alg) == FEWER_ROUNDS:
        token, private = sealed(alg)
        with pytest.raises(joserfc.errors.JoseError, match="300000"):
            peer.decrypt(alg, "A128GCM", private, token)
        return
    for enc in encryptions(peer, alg):
        for key in keys_for(peer, alg, enc):
            private, _ = halves(key)
            token = jwe.encrypt(PAYLOAD, key, enc=enc, typ=None)
            assert peer.decrypt(alg, enc, private, token) == PAYLOAD, (enc, key)


def sealed(alg: str) -> tuple[str, dict[str, Any]]:
    key = key_of(alg)
    return jwe.encrypt(PAYLOAD, key, enc="A128GCM", typ=None), key.to_private_jwk()


@pytest.mark.parametrize(("peer", "alg"), of_every_peer("jwe"))
def test_what_they_encrypt_we_decrypt(peer: Peer, alg: str) -> None:
    for enc in encryptions(peer, alg):
        for key in keys_for(peer, alg, enc):
            _, public = halves(key)
            token = peer.encrypt(alg, enc, public, PAYLOAD)
            typ = our_jwt.peek_header(token).get("typ")
            found, _ = jwe.decrypt(token, key, typ=typ, algorithms=side(alg), encryptions=frozenset({enc}))
            assert found == PAYLOAD, (enc, key)


@pytest.mark.parametrize(
    ("peer", "alg"), [case for case in of_every_peer("jws") if "PyJWT" not in str(case.id)]
)
def test_the_thumbprints_are_the_same(peer: Peer, alg: str) -> None:
    if alg in HMAC + WRAPPING:
        return
    key = key_of(alg)
    assert peer.thumbprint(key.to_jwk()) == key.thumbprint()


GENERATED = (
    *(("RS256", None), ("PS384", None), ("ES256", None), ("ES384", None), ("ES512", None), ("Ed25519", None)),
    *(("RSA-OAEP-256", None), ("ECDH-ES", "P-256"), ("ECDH-ES+A256KW", "P-521"), ("ECDH-ES", "X25519")),
)


@pytest.mark.parametrize("peer", [PEERS[NODE]], ids=[NODE])
@pytest.mark.parametrize(("alg", "crv"), GENERATED)
def test_a_key_that_node_makes_is_ours(peer: NodeJose, alg: str, crv: str | None) -> None:
    made = peer.ask("generate", alg=alg, crv=crv)
    key = Key.from_jwk(made["private"], alg)
    public = Key.from_jwk(made["public"], alg)
    assert key.is_private
    assert {name: key.to_private_jwk()[name] for name in made["private"]} == made["private"]
    assert {name: public.to_jwk()[name] for name in made["public"]} == made["public"]


@pytest.mark.parametrize("peer", [PEERS[NODE]], ids=[NODE])
def test_node_accepts_our_token_with_its_claims(peer: NodeJose) -> None:
    key = key_of("ES256")
    claims = {"iss": "https://auth.example", "aud": "clinic", "sub": "ada", "exp": 2_000_000_000, "iat": 1}
    token = our_jwt.sign(claims, key, typ="at+jwt")
    asked = {"alg": "ES256", "jwk": key.to_jwk(), "issuer": "https://auth.example", "audience": "clinic"}
    assert peer.ask("jwt", token=token, typ="at+jwt", now=1_800_000_000, **asked) == claims
    with pytest.raises(ValueError, match="typ"):
        peer.ask("jwt", token=token, typ="JWT", now=1_800_000_000, **asked)
    with pytest.raises(ValueError, match="exp"):
        peer.ask("jwt", token=token, typ="at+jwt", now=2_000_000_000, **asked)
    policy = Policy(
        issuer="https://auth.example", audience="clinic", typ="at+jwt", algorithms=frozenset({"ES256"})
    )
    assert our_jwt.verify(token, key.public(), policy, now=1_800_000_000.0).claims == claims
