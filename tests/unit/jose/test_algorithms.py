"""Each row of the table takes its own keys, and a signature in exactly one form."""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from gatepass.jose import BadSignature, Key
from gatepass.jose.algorithms import JWS_ALGORITHMS, der_to_raw, raw_to_der

SIZES = [32, 48, 66]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("r", [0, 1, 0x7F, 0x80, 0x1FF])
@pytest.mark.parametrize("s", [0, 1, 0x7F, 0x80, 0x1FF])
def test_ecdsa_signatures_are_written_as_openssl_wants_them(size: int, r: int, s: int) -> None:
    bits = {32: 256, 48: 384, 66: 521}[size]
    shift = bits - 9
    long, short = (1 << bits) - 1, 1 << (bits - 16)
    pairs = [(r, s), (r << shift, s), (r, s << shift), (r << shift, s << shift), (long, short), (short, long)]
    for left, right in pairs:
        raw = left.to_bytes(size, "big") + right.to_bytes(size, "big")
        der = encode_dss_signature(left, right)
        assert raw_to_der(raw, size) == der
        assert der_to_raw(der, size) == raw
        assert decode_dss_signature(der) == (left, right)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "ES512", "Ed25519", "ML-DSA-44", "HS256"])
def test_a_signature_of_another_length_or_form_is_refused(alg: str) -> None:
    key = Key.generate(alg)
    assert key._sign is not None
    assert key._check is not None
    good = key._sign(b"message")
    key._check(b"message", good)
    wrong = [b"", good[:-1], good + b"\0", b"\0" + good, good[:-1] + bytes([good[-1] ^ 1]), bytes(len(good))]
    if alg.startswith("ES"):
        wrong.append(raw_to_der(good, len(good) // 2))
    for signature in wrong:
        with pytest.raises(BadSignature):
            key._check(b"message", signature)


def test_the_unsigned_are_in_no_table() -> None:
    assert not any(name.lower() == "none" for name in JWS_ALGORITHMS)
    assert all(name == row.name and row.rfc.startswith("RFC ") for name, row in JWS_ALGORITHMS.items())
