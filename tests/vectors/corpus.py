"""Where the published vectors are, and what is said about each of them.

`GATEPASS_VECTORS` names the folder; by default it is `../shared/vectors` beside the repository. Every vector
of a file is run: also those that Gatepass leaves out on purpose, which must then be *refused*, by an error of
ours. What is left out, and why, is printed with its count at the end of the run (tests/conftest.py).
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gatepass.jose import JoseError, Key, KeySet, jwe

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("GATEPASS_VECTORS", ROOT.parent / "shared" / "vectors"))
ABSENT = f"no published vectors at {FOLDER}: set GATEPASS_VECTORS to the folder that holds them"

needs_vectors = pytest.mark.skipif(not FOLDER.is_dir(), reason=ABSENT)

SIGNATURES = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "ES256K"}
    | {"Ed25519", "Ed448", "EdDSA", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"}
)
MACS = frozenset({"HS256", "HS384", "HS512"})
SECRETS = frozenset({"dir", "A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW"})
PUBLIC = frozenset(
    {"RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"}
    | {"ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"}
)
PASSWORDS = frozenset({"PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW"})
JWE_FAMILIES = (PUBLIC, PASSWORDS, SECRETS)
ENCRYPTIONS = frozenset({"A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"})


@dataclass(frozen=True, slots=True)
class Vector:
    """One published vector: what was published about it, and why we judge otherwise where we do."""

    file: str
    name: str
    published: bool  # accepted, says the publisher
    run: Callable[[], object]  # what a user would write; returns the payload
    expected: object = None  # what it must return, where the publisher says
    left_out: str | None = None  # valid as published, and refused on purpose: the reason
    defect: str | None = None  # published with the wrong verdict: what is wrong with it

    @property
    def accepted(self) -> bool:
        """Whether Gatepass must accept it."""
        if self.defect is not None:
            return not self.published
        return self.published and self.left_out is None

    def __str__(self) -> str:
        return self.name


def judge(vector: Vector, record_property: Callable[[str, object], None]) -> None:
    """Run one vector, and hold Gatepass to what must become of it."""
    verdict = "accepted" if vector.accepted else "refused"
    if vector.defect:
        verdict += f", against the publisher (defective vector): {vector.name}: {vector.defect}"
    elif vector.published and vector.left_out:
        verdict += f", left out on purpose: {vector.left_out}"
    else:
        verdict += ", as published"
    record_property("vector", (vector.file, verdict))
    if vector.accepted:
        found = vector.run()
        assert vector.expected is None or found == vector.expected
    else:
        with pytest.raises(JoseError):
            vector.run()


def load(*path: str) -> Any:
    """Give one JSON file of the folder, or an empty list where the folder is absent."""
    file = FOLDER.joinpath(*path)
    return json.loads(file.read_bytes()) if FOLDER.is_dir() else []


def open_jwe(token: str, keys: Key | KeySet, cty: str | None = None) -> bytes:
    """Decrypt with lists as wide as lists can be: the key must hold by itself."""
    names = {key.alg for key in ((keys,) if isinstance(keys, Key) else keys)}
    wide = next((family for family in JWE_FAMILIES if names & family), SECRETS)
    plaintext, header = jwe.decrypt(token, keys, typ=None, algorithms=wide, encryptions=ENCRYPTIONS)
    assert header.get("cty") == cty or cty is None
    return plaintext
