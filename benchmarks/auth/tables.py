"""The figures as tables, each beside its bar."""

from collections.abc import Mapping

from benchmarks import report
from benchmarks.auth import curve, operations
from benchmarks.auth.rounds import Figures
from benchmarks.auth.subjects import LOGIN, OPERATIONS

DASH = "–"
COLUMNS = ("requests/s", "p50 (ms)", "p99 (ms)", "CPU (µs)")


def overview(measured: operations.Measured) -> str:
    """All contenders, one row each: requests a second."""
    names = list(dict.fromkeys(name for row in measured.operations.values() for name in row))
    cells = {
        name: [
            *(
                f"{row[name].per_second:,.0f}" if name in row else DASH
                for row in (measured.operations[operation] for operation in OPERATIONS)
            ),
            _number(measured.memory_mib.get(name), ".0f"),
            _number(measured.start_seconds.get(name), ".2f"),
        ]
        for name in names
    }
    bare = [f"{measured.hashes_per_second:.1f}" if operation == LOGIN else DASH for operation in OPERATIONS]
    cells[operations.BARE_HASH] = [*bare, DASH, DASH]
    title = "requests a second"
    return report.table(title, [*OPERATIONS, "memory (PSS, MiB)", "start (s)"], cells)


def each(operation: str, row: Mapping[str, Figures], hashes: float | None) -> str:
    """One operation in full."""
    bar = "" if operation == LOGIN else " (bar: 0.8 of the floor)"
    columns = [*COLUMNS, "to the floor", "by CPU"]
    cells = {name: [*_plain(figures, operation), *_ratios(figures)] for name, figures in row.items()}
    text = report.table(f"{operation}{bar}", columns, cells)
    if operation != LOGIN or hashes is None:
        return text
    shares = ", ".join(f"{name} {figures.per_second / hashes:.2f}" for name, figures in row.items())
    against = f"Against {hashes:.1f} bare argon2id hashes a second on the same core (bar: 0.95)"
    return f"{text}\n\n{against}: {shares}."


def curved(measured: curve.Measured) -> list[str]:
    """One table for each operation."""
    return [
        report.table(
            f"{operation}, with so many sessions",
            [*COLUMNS, "to the smallest table", "by CPU", "database (GB)"],
            {
                name: [*_plain(figures, operation), *_ratios(figures), f"{measured.gigabytes[name]:.2f}"]
                for name, figures in row.items()
            },
        )
        for operation, row in measured.operations.items()
    ]


def worked(measured: Mapping[str, Mapping[str, Figures]]) -> list[str]:
    """One table for each operation."""
    columns = [*COLUMNS, "to one process", "by CPU"]
    return [
        report.table(
            f"{operation}, PostgreSQL",
            columns,
            {name: [*_plain(figures, operation), *_ratios(figures)] for name, figures in row.items()},
        )
        for operation, row in measured.items()
    ]


def _plain(figures: Figures, operation: str) -> list[str]:
    digits = ".1f" if operation == LOGIN else ",.0f"
    return [
        f"{figures.per_second:{digits}}",
        f"{figures.p50_ms:.2f}",
        f"{figures.p99_ms:.2f}",
        f"{figures.cpu_us:,.0f}",
    ]


def _ratios(figures: Figures) -> list[str]:
    return [_number(figures.to_base, ".2f"), _number(figures.cpu_to_base, ".2f")]


def _number(value: float | None, form: str) -> str:
    return DASH if value is None else format(value, form)
