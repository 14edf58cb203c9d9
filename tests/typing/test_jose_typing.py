"""Runs mypy over what must and what must not type-check, and holds the front door's names still."""

import re
from pathlib import Path

import mypy.api

from gatepass import jose

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXPECTED = re.compile(r"  # type: ignore\[([a-z-]+)\]$")
FOUND = re.compile(r"^[^:]+:(\d+): error: .*\[([a-z-]+)\]$")


def errors(path: Path) -> set[tuple[int, str]]:
    """Give the lines that mypy refuses, and why; its cache is one of its own, beside the usual one."""
    cache = ROOT / ".mypy_cache" / "typing"
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(cache), "--no-error-summary"]
    told, failed, _ = mypy.api.run([*options, "--hide-error-context", "--no-pretty", str(path)])
    assert not failed
    return {(int(found[1]), found[2]) for line in told.splitlines() if (found := FOUND.match(line))}


def test_what_must_type_check_does() -> None:
    assert errors(HERE / "jose_accepted.py") == set()


def test_what_must_not_type_check_does_not(tmp_path: Path) -> None:
    lines = (HERE / "jose_refused.py").read_text(encoding="utf-8").splitlines()
    expected = {
        (number, found[1]) for number, line in enumerate(lines, 1) if (found := EXPECTED.search(line))
    }
    assert len(expected) > 30
    bare = tmp_path / "jose_refused.py"
    bare.write_text("\n".join(EXPECTED.sub("", line) for line in lines), encoding="utf-8")
    assert errors(bare) == expected


FRONT_DOOR = """
    AlgorithmNotAllowed BadSignature ClaimError ClaimInvalid ClaimMissing CriticalHeader Decrypted
    DecryptionFailed Expired JoseError Key KeyInvalid KeyNotFound KeySet Malformed NotYetValid PassedOver
    Policy TooLong TooOld Unverified Verified WrongType jwe jws jwt
"""
METHODS = {
    "Key": "alg curve from_der from_jwk from_pem from_secret generate is_private key_ops kid public "
    "thumbprint thumbprint_uri to_der to_jwk to_pem to_private_der to_private_jwk to_private_pem "
    "use x5t_s256",
    "KeySet": "from_jwks keys passed_over to_jwks",
    "Policy": "algorithms audience encryptions issuer leeway max_age max_length required typ",
    "Unverified": "claims header",
    "Verified": "claims header kid",
    "Decrypted": "claims header kid",
}
FUNCTIONS = {
    "jwt": "decrypt encrypt issue nest open_nested peek peek_header sign verify verify_nested",
    "jws": "sign verify",
    "jwe": "decrypt encrypt",
}
CODES = {
    "AlgorithmNotAllowed": "algorithm_not_allowed",
    "BadSignature": "bad_signature",
    "ClaimError": "claim_error",
    "ClaimInvalid": "claim_invalid",
    "ClaimMissing": "claim_missing",
    "CriticalHeader": "critical_header",
    "DecryptionFailed": "decryption_failed",
    "Expired": "expired",
    "JoseError": "jose_error",
    "KeyInvalid": "key_invalid",
    "KeyNotFound": "key_not_found",
    "Malformed": "malformed",
    "NotYetValid": "not_yet_valid",
    "TooLong": "too_long",
    "TooOld": "too_old",
    "WrongType": "wrong_type",
}


def public(names: list[str]) -> str:
    return " ".join(sorted(name for name in names if not name.startswith("_")))


def test_the_front_door_has_these_names() -> None:
    assert public(jose.__all__) == " ".join(FRONT_DOOR.split())


def test_the_types_of_the_front_door_have_these_names() -> None:
    assert {name: public(dir(getattr(jose, name))) for name in METHODS} == METHODS


def test_the_modules_of_the_front_door_have_these_functions() -> None:
    assert {module: public(getattr(jose, module).__all__) for module in FUNCTIONS} == FUNCTIONS


def test_the_codes_of_the_errors_are_stable() -> None:
    kinds = {name: kind for name in jose.__all__ if isinstance(kind := getattr(jose, name), type)}
    assert {name: kind.code for name, kind in kinds.items() if issubclass(kind, jose.JoseError)} == CODES
