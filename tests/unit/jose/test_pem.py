"""Keys come and go as PEM and DER, and what is not one key is refused."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.x509.oid import NameOID

from gatepass.jose import Key, KeyInvalid, b64

ALGORITHMS = ["RS256", "ES256", "ES512", "ES256K", "Ed25519", "Ed448", "ML-DSA-44", "RSA-OAEP", "ECDH-ES"]


@pytest.fixture(scope="module", params=ALGORITHMS)
def key(request: pytest.FixtureRequest) -> Key:
    return Key.generate(request.param)


def test_the_private_half_comes_back(key: Key) -> None:
    for again in (
        Key.from_pem(key.to_private_pem(), key.alg),
        Key.from_pem(key.to_private_pem().decode(), key.alg),
        Key.from_pem(key.to_private_pem(b"secret"), key.alg, password=b"secret"),
        Key.from_der(key.to_private_der(), key.alg),
        Key.from_der(key.to_private_der(b"secret"), key.alg, password=b"secret"),
    ):
        assert again.to_private_jwk() == key.to_private_jwk()


def test_the_public_half_comes_back(key: Key) -> None:
    for again in (Key.from_pem(key.to_pem(), key.alg), Key.from_der(key.to_der(), key.alg)):
        assert not again.is_private
        assert again.to_jwk() == key.to_jwk()


def test_a_name_can_be_given() -> None:
    key = Key.generate("ES256")
    assert Key.from_pem(key.to_pem(), "ES256").kid == key.thumbprint()
    assert Key.from_pem(key.to_pem(), "ES256", "mine").kid == "mine"


def certificate(private: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
        .sign(private, hashes.SHA256())
    )


def test_of_a_certificate_the_key_is_taken() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    made = certificate(private)
    pem, der = (
        made.public_bytes(encoding) for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER)
    )
    expected = b64.encode(made.fingerprint(hashes.SHA256()))
    for key in (Key.from_pem(pem, "ES256"), Key.from_der(der, "ES256")):
        assert not key.is_private
        assert key.x5t_s256 == expected == key.to_jwk()["x5t#S256"]
        assert key.kid == key.thumbprint()


def traditional(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def test_the_older_form_of_openssl_is_read() -> None:
    pem = traditional(ec.generate_private_key(ec.SECP256R1()))
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert Key.from_pem(pem, "ES256").is_private
    assert Key.from_pem(parameters + pem, "ES256").is_private


GOOD = Key.generate("ES256")


def public_pem(private: rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


REFUSED: dict[str, bytes | str] = {
    "nothing": b"",
    "text": "hello",
    "text that is no UTF-8": "\ud800",
    "two keys": GOOD.to_pem() + GOOD.to_pem(),
    "a private key after a public one": GOOD.to_pem() + GOOD.to_private_pem(),
    "a damaged public key": GOOD.to_pem().replace(b"M", b"N"),
    "a damaged private key": GOOD.to_private_pem().replace(b"M", b"N"),
    "a damaged certificate": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "an encrypted key without its password": GOOD.to_private_pem(b"secret"),
    "RSA of 1024 bits": public_pem(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - what is refused
    "DSA": public_pem(dsa.generate_private_key(2048)),
    "a curve nobody signs with here": public_pem(ec.generate_private_key(ec.SECP224R1())),
    "the curve of another algorithm": public_pem(ec.generate_private_key(ec.SECP384R1())),
}


@pytest.mark.parametrize("pem", REFUSED.values(), ids=REFUSED)
def test_what_is_not_one_key_for_the_algorithm_is_refused(pem: bytes | str) -> None:
    with pytest.raises(KeyInvalid):
        Key.from_pem(pem, "ES256")


def test_an_empty_password_never_writes_a_key_in_the_clear() -> None:
    for write in (GOOD.to_private_pem, GOOD.to_private_der):
        with pytest.raises(KeyInvalid, match="not empty"):
            write(b"")
        assert write(None) != write(b"secret")


def test_a_password_is_the_right_one_or_none() -> None:
    with pytest.raises(KeyInvalid):
        Key.from_pem(GOOD.to_private_pem(b"secret"), "ES256", password=b"wrong")
    with pytest.raises(KeyInvalid):
        Key.from_pem(GOOD.to_private_pem(), "ES256", password=b"secret")


NO_DER = {
    "nothing": b"",
    "an empty sequence": b"\x30\x00",
    "a public key cut short": GOOD.to_der()[:-1],
    "a private key cut short": GOOD.to_private_der()[:-1],
}


@pytest.mark.parametrize("der", NO_DER.values(), ids=NO_DER)
def test_what_is_not_a_key_in_der_is_refused(der: bytes) -> None:
    with pytest.raises(KeyInvalid):
        Key.from_der(der, "ES256")
