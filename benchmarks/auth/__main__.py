"""`make bench-auth`: Auth beside its bare floor and its peers, with full tables, and as two processes."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from examples.cluster.database import Database

from benchmarks import report
from benchmarks.auth import curve, operations, tables, workers
from benchmarks.auth.database import SETTINGS, postgres
from benchmarks.auth.rounds import Figures
from benchmarks.auth.sizes import CONNECTIONS, FULL, SHORT, Size, sessions_of
from benchmarks.auth.subjects import CHECK, INTROSPECTION, JWKS, REFRESH
from benchmarks.plot import bars
from benchmarks.verifier.processes import LOAD_CORE, SERVICE_CORE, interrupts_heeded, on_core

PACKAGES = ["cryptography", "argon2-cffi", "uvicorn", "uvloop", "httptools", "starlette", "psycopg"]

Part = tuple[str, list[str], dict[str, object]]  # name, tables, figures for the JSON


def main() -> None:
    """Measure, print, and keep the figures for the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.auth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short form that shows that all of it runs")
    parser.add_argument("--sizes", type=sessions_of, help="sessions in the table, such as 10k,1m,10m")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this (may be repeated)")
    parser.add_argument("--name", default="auth", help="the figures go to docs/reference/figures/NAME.*")
    options = parser.parse_args()
    size = SHORT if options.quick else FULL
    if options.sizes:
        size = replace(size, sessions=options.sizes)
    parts: list[Part] = []
    on_core(LOAD_CORE)  # and all that is started from here and not put elsewhere: the database
    try:
        with (
            interrupts_heeded(longest=size.longest),
            tempfile.TemporaryDirectory(prefix="gatepass-bench-") as folder,
            postgres(say) as server,
        ):
            for name in options.part or PARTS:
                parts.append(PARTS[name](Path(folder), server, size))
                print("\n\n".join(["", *parts[-1][1]]), flush=True)
    except KeyboardInterrupt:
        sys.exit("stopped; nothing was written, and nothing runs on")
    if options.quick or options.part:
        say("only a whole run is kept")
        return
    _keep(options.name, parts)


def where() -> str:
    """Say what runs where."""
    if SERVICE_CORE == LOAD_CORE:
        return "one core for everything"
    others = f"the load ({CONNECTIONS} connections) and the database on core {LOAD_CORE}"
    return f"the server on core {SERVICE_CORE}, {others}"


def _keep(name: str, parts: list[Part]) -> None:
    settings = ", ".join(f"{key} {value}" for key, value in SETTINGS.items() if "log" not in key)
    facts = {**report.machine(*PACKAGES), "where": where(), "PostgreSQL's settings": settings}
    about = ", ".join(f"{key} {value}" for key, value in facts.items())
    written = report.write_json(name, {"machine": facts, **{part: each for part, _, each in parts}})
    texts = [f"# {name}", about, *(text for _, each, _ in parts for text in each)]
    written.with_suffix(".md").write_text("\n\n".join(texts) + "\n")
    say(f"written: {written}, .md and .svg")


def _operations(folder: Path, server: Database | None, size: Size) -> Part:
    measured = operations.run(folder / "operations", server, size, say)
    shown = [tables.overview(measured)]
    shown += [tables.each(name, row, measured.hashes_per_second) for name, row in measured.operations.items()]
    shown += [f"{name}: {note}" for name, note in measured.notes.items()]
    if size.rounds == FULL.rounds:
        _plot(measured)
    return "operations", shown, asdict(measured)


def _plot(measured: operations.Measured) -> None:
    groups = {
        operation: {
            name: 1e6 / figures.per_second
            for name, figures in measured.operations[operation].items()
            if name != operations.CEILING
        }
        for operation in (REFRESH, CHECK, INTROSPECTION, JWKS)
    }
    bars(report.FIGURES / "auth.svg", "What a request takes", "µs of the run", groups)


def _curve(folder: Path, server: Database | None, size: Size) -> Part:
    measured = curve.run(folder / "curve", server, size, say)
    if size.rounds == FULL.rounds:
        groups = {
            operation: {name: 1e6 / each.per_second for name, each in row.items()}
            for operation, row in measured.operations.items()
        }
        bars(
            report.FIGURES / "auth-curve.svg",
            "What a request takes with a full table",
            "µs of the run",
            groups,
        )
    return "full tables", tables.curved(measured), asdict(measured)


def _workers(folder: Path, server: Database | None, size: Size) -> Part:
    if server is None:
        return "processes", [], {}
    measured = workers.run(folder / "workers", server, size, say)
    return "processes", tables.worked(measured), {name: _asdict(row) for name, row in measured.items()}


def _asdict(row: dict[str, Figures]) -> dict[str, object]:
    return {name: asdict(figures) for name, figures in row.items()}


PARTS: dict[str, Callable[[Path, Database | None, Size], Part]] = {
    "operations": _operations,
    "curve": _curve,
    "workers": _workers,
}


def say(line: str) -> None:
    """Progress, beside the figures."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
