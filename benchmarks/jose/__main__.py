"""`make bench-jose`: one table, all peers side by side in one run."""

import argparse
import sys
from collections.abc import Mapping

from benchmarks import report
from benchmarks.jose import behind, encryption, keys, tokens
from benchmarks.jose.node import FastJwt
from benchmarks.plot import bars

PACKAGES = ["cryptography", "msgspec", "pyjwt", "joserfc", "authlib", "jwcrypto", "ryjwt"]

PLOTTED = {"HS256", "RS256", "PS256", "ES256", "Ed25519"}


def main() -> None:
    """Measure, print, and keep the figures for the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jose", description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="alternating rounds (default: 21)")
    parser.add_argument("--algorithm", action="append", help="only this algorithm (may be repeated)")
    parser.add_argument(
        "--name", default="jose", help="the figures go to docs/reference/figures/NAME.json, .md and .svg"
    )
    options = parser.parse_args()
    node = FastJwt.start(say)
    try:
        figures = tokens.measure(node, say, options.rounds, options.algorithm)
    finally:
        if node is not None:
            node.stop()
    extra = {
        "the same work (µs)": behind.measure(options.rounds),
        "JWE (µs)": encryption.measure(options.rounds),
        "keys": {
            "ES256 key from PEM (µs)": keys.key_import(options.rounds),
            "JWKS of 1,000 RSA keys (ms)": keys.thousand_keys(options.rounds),
            "import (ms)": keys.import_time(options.rounds),
        },
    }
    facts = report.machine(*PACKAGES)
    tables = [_tokens_table(f"{operation} (µs)", rows) for operation, rows in figures.items()]
    tables += [_plain_table(title, rows) for title, rows in extra.items()]
    about = ", ".join(f"{name} {value}" for name, value in facts.items())
    print("\n\n".join([about, *tables]))
    written = report.write_json(options.name, {"machine": facts, "unit": "µs", **figures, **extra})
    written.with_suffix(".md").write_text("\n\n".join([f"# {written.stem}", about, *tables]) + "\n")
    shown = {alg: row for alg, row in figures["verify"].items() if alg in PLOTTED}
    bars(written.with_suffix(".svg"), "Verify a token", "µs", shown)
    say(f"written: {written}, .md and .svg")


def _tokens_table(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    contenders = list(dict.fromkeys(name for row in rows.values() for name in row))
    peers = [name for name in contenders if name not in {"raw", "Gatepass"}]
    cells = {
        alg: [
            f"{row['raw']:.1f}",
            f"{row['Gatepass']:.1f}",
            f"{row['Gatepass'] - row['raw']:+.1f}",
            f"{row['Gatepass'] / row['raw']:.2f}×",
            *(
                f"{row[peer]:.1f} ({row[peer] / row['Gatepass']:.2f}×)" if peer in row else "–"
                for peer in peers
            ),
        ]
        for alg, row in rows.items()
    }
    return report.table(title, ["raw", "Gatepass", "above raw", "to raw", *peers], cells)


def _plain_table(title: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    contenders = list(dict.fromkeys(name for row in rows.values() for name in row))
    cells = {
        name: [f"{row[each]:.2f}" if each in row else "–" for each in contenders]
        for name, row in rows.items()
    }
    return report.table(title, contenders, cells)


def say(line: str) -> None:
    """Progress, beside the figures."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
