"""Bars as SVG, drawn by hand: readable in a light and in a dark page."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

BAR, GAP, GROUP_GAP, WIDTH = 14, 3, 18, 760
LEAST_LEFT, LETTER = 150, 7.5  # what labels have at least, and what one of their letters takes
COLOURS = ["#8b949e", "#1f6feb", "#d29922", "#a371f7", "#3fb950", "#f778ba", "#db6d28", "#56d4dd"]


def bars(path: Path, title: str, unit: str, groups: Mapping[str, Mapping[str, float]]) -> None:
    """One group of bars for each row, one colour for each contender; each group has its own scale."""
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    colour = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    left = round(max(LEAST_LEFT, 16 + LETTER * max(map(len, groups))))
    legend, y = _legend(names, colour, left)
    parts: list[str] = []
    for label, group in groups.items():
        middle = round(y + len(group) * (BAR + GAP) / 2) + 4
        parts.append(
            f'<text x="{left - 12}" y="{middle}" text-anchor="end" class="label">{escape(label)}</text>'
        )
        for name, value in group.items():
            length = max(1.0, (WIDTH - left - 60) * value / max(group.values()))
            parts.append(_box(left, y, length, BAR, colour[name]))
            parts.append(f'<text x="{left + length + 6:.1f}" y="{y + BAR - 3}">{_short(value)}</text>')
            y += BAR + GAP
        y += GROUP_GAP
    path.parent.mkdir(parents=True, exist_ok=True)
    about = f"{unit}, shorter is better; each group has its own scale"
    path.write_text(_page(title, about, legend + parts, y))


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{width:.1f}" height="{height}" rx="2" fill="{fill}"/>'


def _legend(names: list[str], colour: Mapping[str, str], left: int) -> tuple[list[str], int]:
    """Give the legend, in as many lines as it needs, and where the bars may begin."""
    parts, x, y = [], left, 48
    for name in names:
        width = 26 + 7 * len(name)
        if x + width > WIDTH and x > left:
            x, y = left, y + 16
        parts.append(_box(x, y, 10, 10, colour[name]))
        parts.append(f'<text x="{x + 14}" y="{y + 9}">{escape(name)}</text>')
        x += width
    return parts, y + 26


STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#57606a}"
    ".label{font-weight:600;fill:#24292f}.title{font-size:15px;font-weight:600;fill:#24292f}"
    "@media(prefers-color-scheme:dark){text{fill:#8b949e}.label,.title{fill:#e6edf3}}"
)


def _page(title: str, about: str, parts: list[str], height: int) -> str:
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    heading = [
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<text x="12" y="20" class="title">{escape(title)}</text>',
        f'<text x="12" y="36">{escape(about)}</text>',
    ]
    return "\n".join([head, *heading, *parts, "</svg>", ""])
