"""Bars as SVG, drawn by hand: readable in a light and in a dark page."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

BAR, GAP, GROUP_GAP, LEFT, WIDTH = 14, 3, 18, 150, 760
COLOURS = ["#8b949e", "#1f6feb", "#d29922", "#a371f7", "#3fb950", "#f778ba", "#db6d28", "#56d4dd"]


def bars(path: Path, title: str, unit: str, groups: Mapping[str, Mapping[str, float]]) -> None:
    """One group of bars for each row, one colour for each contender; each group has its own scale."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    legend, y = _legend(names, colour)
    parts: list[str] = []
    for label, group in groups.items():
        middle = round(y + len(group) * (BAR + GAP) / 2) + 4
        parts.append(
            f'<text x="{LEFT - 12}" y="{middle}" text-anchor="end" class="label">{escape(label)}</text>'
        )
        for name, value in group.items():
            length = max(1.0, (WIDTH - LEFT - 120) * value / max(group.values()))
            parts.append(_box(LEFT, y, length, BAR, colour[name]))
            parts.append(f'<text x="{LEFT + length + 6:.1f}" y="{y + BAR - 3}">{value:.3g}</text>')
            y += BAR + GAP
        y += GROUP_GAP
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        _page(
            f"{title} ({unit}, shorter is better; each group has its own scale)",
            legend + parts,
            y,
        )
    )


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width:.1f}" height="{height}" rx="2" fill="{fill}"/>'


def _legend(names: list[str], colour: Mapping[str, str]) -> tuple[list[str], int]:
    """Give the legend, in as many lines as it needs, and where the bars may begin."""
    parts, x, y = [], LEFT, 38
    for name in names:
        width = 26 + 7 * len(name)
        if x + width > WIDTH and x > LEFT:
            x, y = LEFT, y + 16
        parts.append(_box(x, y, 10, 10, colour[name]))
        parts.append(f'<text x="{x + 14}" y="{y + 9}">{escape(name)}</text>')
        x += width
    return parts, y + 26


STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#57606a}"
    ".label{font-weight:600;fill:#24292f}.title{font-size:15px;font-weight:600;fill:#24292f}"
    "@media(prefers-color-scheme:dark){text{fill:#8b949e}.label,.title{fill:#e6edf3}}"
)


def _page(title: str, parts: list[str], height: int) -> str:
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    heading = f'<text x="{LEFT}" y="22" class="title">{escape(title)}</text>'
    return "\n".join(
        [head, f"<title>{escape(title)}</title><style>{STYLE}</style>", heading, *parts, "</svg>", ""]
    )
