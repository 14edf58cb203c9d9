"""`make bench-verifier`: what a check costs, what a Service pays for it, and how soon a kick-out holds."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks import report
from benchmarks.plot import bars
from benchmarks.verifier import checks, kicks, million, pages, tables
from benchmarks.verifier.processes import SERVICE_CORE, interrupts_heeded, on_core, where
from benchmarks.verifier.sizes import FULL, SHORT, Size

PACKAGES = ["cryptography", "aiohttp", "uvicorn", "uvloop", "starlette", "pyjwt", "httpx"]

_started = time.monotonic()

Part = tuple[str, list[str], dict[str, object]]  # name, tables, figures for the JSON


def main() -> None:
    """Measure, print, and keep the figures for the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verifier", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short form that shows that all of it runs")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this (may be repeated)")
    parser.add_argument("--name", default="verifier", help="the figures go to docs/reference/figures/NAME.*")
    options = parser.parse_args()
    size = SHORT if options.quick else FULL
    parts: list[Part] = []
    try:
        with tempfile.TemporaryDirectory(prefix="gatepass-bench-") as folder, interrupts_heeded():
            for name in options.part or PARTS:
                parts.append(PARTS[name](Path(folder), size))
                print("\n\n".join(["", *parts[-1][1]]), flush=True)
    except KeyboardInterrupt:
        sys.exit("stopped; nothing was written, and nothing runs on")
    if options.quick or options.part:
        say("only a whole run is kept")
        return
    _keep(options.name, parts)


def _keep(name: str, parts: list[Part]) -> None:
    facts = {**report.machine(*PACKAGES), "where": where()}
    about = ", ".join(f"{key} {value}" for key, value in facts.items())
    written = report.write_json(name, {"machine": facts, **{part: each for part, _, each in parts}})
    texts = [f"# {name}", about, *(text for _, each, _ in parts for text in each)]
    written.with_suffix(".md").write_text("\n\n".join(texts) + "\n")
    say(f"written: {written}, .md and .svg")


def _checks(_: Path, size: Size) -> Part:
    on_core(SERVICE_CORE)
    say("checks ...")
    cold = checks.cold(size.check_rounds)
    warm = checks.warm(size.check_rounds, (0, 1_000, size.entries))
    return "checks (µs)", [tables.cold(cold), tables.warm(warm)], {"seen first": cold, **warm}


def _pages(folder: Path, size: Size) -> Part:
    measured = pages.measure(folder / "pages", size, say)
    shown = [tables.service(users, each, measured.at_auth) for users, each in measured.pages.items()]
    figures = {
        f"{users} users": {name: asdict(each) for name, each in row.items()}
        for users, row in measured.pages.items()
    }
    if size is FULL:
        _plot(measured)
    return "pages", shown, {**figures, "requests and look-ups at Auth": measured.at_auth}


def _plot(measured: pages.Measured) -> None:
    groups = {
        f"{users} users": {PLOTTED[name]: each.cpu_us for name, each in row.items() if name in PLOTTED}
        for users, row in measured.pages.items()
    }
    bars(report.FIGURES / "verifier.svg", "A Service's work for a page", "µs", groups)


PLOTTED = {
    pages.BASE: pages.BASE,
    "Gatepass, token mode": "token mode",
    "PyJWT + PyJWKClient, ES256": "PyJWT",
    "Gatepass, session mode": "session mode",
    "httpx, session mode": "session mode, httpx",
}


def _kicks(folder: Path, size: Size) -> Part:
    figures = kicks.measure(folder / "kicks", size, say)
    return "kick-out", [tables.kicked(figures)], {name: asdict(each) for name, each in figures.items()}


def _memory(folder: Path, size: Size) -> Part:
    figures = million.measure(folder / "memory", size, say)
    return "memory", [tables.memory(figures)], asdict(figures)


PARTS: dict[str, Callable[[Path, Size], Part]] = {
    "checks": _checks,
    "pages": _pages,
    "kicks": _kicks,
    "memory": _memory,
}


def say(line: str) -> None:
    """Progress, beside the figures."""
    print(f"{time.monotonic() - _started:4.0f} s  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
