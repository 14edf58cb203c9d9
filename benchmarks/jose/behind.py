"""What the same work costs right behind a long call into OpenSSL, which leaves the caches cold."""

from collections.abc import Callable

from benchmarks.jose.material import material
from benchmarks.jose.peers import gatepass
from benchmarks.jose.raw import verifier
from benchmarks.rounds import in_process, medians

MESSAGE = b"m" * 560


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Microseconds of one HS256 verification: alone, and behind a bare primitive of another algorithm."""
    rows = gatepass(material("HS256"))
    assert rows is not None
    work = rows[1]
    figures: dict[str, float] = {}
    for alg in ("RS256", "ES256", "Ed25519"):
        bare = verifier(material(alg), MESSAGE)
        seconds = medians(
            {
                "bare": in_process(bare),
                "alone": in_process(work),
                "both": in_process(_one_then_other(bare, work)),
            },
            rounds=rounds,
        )
        figures.setdefault("alone", seconds["alone"] * 1e6)
        figures[f"behind {alg}"] = (seconds["both"] - seconds["bare"]) * 1e6
    return {"our HS256 verify": figures}


def _one_then_other(one: Callable[[], object], other: Callable[[], object]) -> Callable[[], None]:
    def both() -> None:
        one()
        other()

    return both
