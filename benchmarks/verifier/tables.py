"""The figures as tables, each beside its bar."""

from collections.abc import Mapping

from benchmarks import report
from benchmarks.verifier import checks, kicks, million, pages

DASH = "–"


def cold(figures: checks.Figures) -> str:
    """A token that was never seen."""
    names = list(dict.fromkeys(name for row in figures.values() for name in row))
    cells = {
        alg: [
            *(f"{row[name]:.1f}" for name in names),
            f"{row['Verifier'] - row['raw']:+.1f}",
            f"{row['PyJWT + PyJWKClient'] / row['Verifier']:.2f}×",
        ]
        for alg, row in figures.items()
    }
    return report.table("a token seen first (µs)", [*names, "Verifier above raw", "faster than PyJWT"], cells)


def warm(figures: checks.Figures) -> str:
    """A token that was seen before."""
    cells = {
        f"{name} ({kind})": [f"{microseconds:.2f}"]
        for kind, row in figures.items()
        for name, microseconds in row.items()
    }
    return report.table("a token seen before (bar: 0.7)", ["µs"], cells)


def service(users: int, figures: Mapping[str, pages.Figures], at_auth: pages.AtAuth) -> str:
    """The Service with so many users."""
    cells = {}
    for name, each in figures.items():
        counted = at_auth.get(name)
        cells[name] = [
            f"{each.pages_per_second:,.0f}",
            DASH if name == pages.CEILING else f"{each.against_no_check:.3f}",
            f"{each.cpu_us:.0f}",
            DASH if name == pages.CEILING else f"{each.cpu_against_no_check:.3f}",
            f"{each.p50_ms:.2f}",
            f"{each.p99_ms:.2f}",
            DASH if counted is None else f"{counted[0]:.3g} / {counted[1]:.3g}",
        ]
    columns = [
        "pages/s",
        "against no check",
        "CPU (µs/page)",
        "by CPU",
        "p50 (ms)",
        "p99 (ms)",
        "requests / look-ups at Auth",
    ]
    return report.table(f"{users} user{'s' if users > 1 else ''}", columns, cells)


def kicked(figures: Mapping[str, kicks.Figures]) -> str:
    """From the end of a session to the refusal."""
    columns = ["p50 (ms)", "p99 (ms)", "after the answer, p50", "p99", "the last follower, p50", "moments"]
    cells = {
        name: [
            f"{each.p50_ms:.1f}",
            f"{each.p99_ms:.1f}",
            f"{each.after_answer_p50_ms:.1f}",
            f"{each.after_answer_p99_ms:.1f}",
            f"{each.last_p50_ms:.1f}",
            f"{each.samples:,}",
        ]
        for name, each in figures.items()
    }
    return report.table("kick-out (bar: p99 of 100 ms with 1,000 followers)", columns, cells)


def memory(figures: million.Figures) -> str:
    """What many entries and many streams weigh."""
    cells = {
        f"full answer of {figures.entries:,} entries (bar for a million: 12)": [f"{figures.answer_mb:.1f}"],
        "the view at the Service: held by Python (bar: 40)": [f"{figures.held_mb:.1f}"],
        "the same, at the highest": [f"{figures.peak_mb:.1f}"],
        "the same, as the process grew (RSS)": [f"{figures.rss_mb:.1f}"],
        f"{figures.streams:,} open streams, as Auth's process grew (RSS)": [f"{figures.streams_mb:.1f}"],
    }
    text = report.table("memory", ["MB"], cells)
    return f"{text}\n\nThe view was complete after {figures.load_seconds:.1f} s, in {figures.pages} pages."
