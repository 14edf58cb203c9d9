"""Fuzzes one target until it is told to stop: `python -m fuzz.one NAME [libFuzzer options] CORPUS`."""

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]

with atheris.instrument_imports(include=["gatepass", "fuzz.targets"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Write the seeds into the corpus, and hand over to libFuzzer."""
    name, corpus = sys.argv[1], Path(sys.argv[-1])
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target.parse)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
