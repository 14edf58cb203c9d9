"""Verify and sign, algorithm by algorithm, against the raw primitive and every peer."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from benchmarks.jose.material import ALGORITHMS, CLAIMS, Material, material
from benchmarks.jose.node import FastJwt
from benchmarks.jose.peers import PEERS, gatepass
from benchmarks.jose.raw import signer, verifier
from benchmarks.rounds import Run, in_process, medians

Figures = dict[str, dict[str, float]]  # algorithm -> contender -> microseconds


def measure(
    node: FastJwt | None, say: Callable[[str], None], rounds: int, algorithms: list[str] | None = None
) -> dict[str, Figures]:
    """Microseconds to verify and to sign, medians of alternating rounds."""
    figures: dict[str, Figures] = {"verify": {}, "sign": {}}
    missing: set[str] = set()
    for alg in algorithms or ALGORITHMS:
        say(f"{alg} ...")
        signing, verifying = _contenders(material(alg), node, missing)
        for operation, contenders in (("verify", verifying), ("sign", signing)):
            seconds = medians(contenders, rounds=rounds)
            figures[operation][alg] = {name: each * 1e6 for name, each in seconds.items()}
    for name in sorted(missing):
        say(f"{name}: SKIPPED, not installed for this Python")
    return figures


def _contenders(
    material: Material, node: FastJwt | None, missing: set[str]
) -> tuple[dict[str, Run], dict[str, Run]]:
    message = _signing_input(material)
    signing = {"raw": in_process(signer(material, message))}
    verifying = {"raw": in_process(verifier(material, message))}
    rows: dict[str, Any] = {"Gatepass": gatepass, **PEERS}
    for name, row in rows.items():
        try:
            operations = row(material)
        except ImportError:
            missing.add(name)
            continue
        if operations is not None:
            signing[name], verifying[name] = map(in_process, operations)
    if node is not None and node.prepare(material):
        signing["fast-jwt"] = node.run(material.alg, "sign")
        verifying["fast-jwt"] = node.run(material.alg, "verify")
    return signing, verifying


def _signing_input(material: Material) -> bytes:
    """What every signature here is made over: as long as the contenders' own."""
    segments = ({"alg": material.alg, "typ": "JWT"}, CLAIMS)
    return b".".join(urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in segments)
