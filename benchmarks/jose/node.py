"""fast-jwt in a Node process of its own, told over a pipe what to run; it times itself."""

import json
import subprocess
from collections.abc import Callable
from typing import Any, Self

from benchmarks.jose.material import AUDIENCE, CLAIMS, ISSUER, NOW, Material
from benchmarks.npm import FOLDER, node_with
from benchmarks.rounds import Run


class FastJwt:
    """The peer on the other side of the pipe."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Use :meth:`start`."""
        self._process = process

    @classmethod
    def start(cls, say: Callable[[str], None]) -> "Self | None":
        """The running peer, or `None`, said loudly, where Node or the package can't be had."""
        node = node_with("fast-jwt", say)
        if node is None:
            return None
        process = subprocess.Popen(
            [node, "fast-jwt.js"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return cls(process)

    def prepare(self, material: Material) -> bool:
        """Whether it knows this algorithm."""
        answer = self._ask({
            "alg": material.alg,
            "privateKey": material.secret.hex() if material.secret else material.private_pem.decode(),
            "publicKey": material.secret.hex() if material.secret else material.public_pem.decode(),
            "claims": CLAIMS, "issuer": ISSUER, "audience": AUDIENCE, "now": NOW,
        })  # fmt: skip
        return "error" not in answer

    def run(self, alg: str, operation: str) -> Run:
        """An operation as a contender of the rounds."""
        return lambda count: float(self._ask({"alg": alg, "operation": operation, "count": count})["seconds"])

    def stop(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(timeout=10)

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
