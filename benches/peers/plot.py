"""Draws the plot of the performance guide: three panels, as one SVG file."""
import math

WIDTH, HEIGHT, TOP, BOTTOM, GAP, MARGIN = 1180, 400, 64, 92, 74, 62
PANEL = (WIDTH - MARGIN - 20 - 2 * GAP) / 3

# The colours stay apart for readers that do not see all of them.
COLOURS = {
    "none": "#888888",
    "ours": "#d55e00",
    "hand-owned": "#0072b2",
    "hand-arc": "#56b4e9",
    "axum-extra": "#009e73",
    "tower-http": "#cc79a7",
}
NAMES = {
    "none": "no layer",
    "ours": "tower-principal",
    "hand-owned": "by hand, owned user",
    "hand-arc": "by hand, shared user",
    "axum-extra": "by hand with axum-extra",
    "tower-http": "tower-http",
}
PATHS = ["bearer", "basic", "query", "form", "missing", "wrong"]

# The file is both an image, in the repository, and a part of a page of rustdoc, whose colour it takes. That page cannot
# show the image, so it hides its place.
STYLE = """
.cost-plot text { font: 12px sans-serif; fill: currentColor; }
.cost-plot .title { font-size: 14px; font-weight: bold; }
.cost-plot .small { font-size: 11px; }
.cost-plot line { stroke: currentColor; }
.cost-plot .grid { opacity: 0.15; }
.cost-plot polyline { fill: none; stroke-width: 2; }
.in-the-repository { display: none; }
@media (prefers-color-scheme: dark) { .cost-plot:root { color: #e6edf3; } }
"""


def text(x, y, words, anchor="middle", kind=""):
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{words}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def ticks(most):
    """Returns round numbers from 0 to at least this one."""
    step = 10 ** math.floor(math.log10(most / 3))
    step *= next(factor for factor in (1, 2, 5, 10) if most / (step * factor) <= 5)
    return [step * at for at in range(math.ceil(most / step) + 1)]


class Panel:
    """A panel with a scale from 0, at a place of the plot."""

    def __init__(self, at, title, unit, most, shown):
        self.left = MARGIN + at * (PANEL + GAP)
        marks = ticks(most)
        self.most = marks[-1]
        self.parts = [text(self.left - 44, TOP - 34, title, "start", "title")]
        self.parts.append(text(self.left - 44, TOP - 16, unit, "start", "small"))
        for mark in marks:
            y = self.y(mark)
            self.parts.append(line(self.left, y, self.left + PANEL, y, "axis" if mark == 0 else "grid"))
            self.parts.append(text(self.left - 6, y + 4, shown(mark), "end", "small"))

    def y(self, value):
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / self.most)

    def label(self, x, words):
        self.parts.append(text(x, HEIGHT - BOTTOM + 18, words, "middle", "small"))

    def caption(self, words):
        self.parts.append(text(self.left + PANEL / 2, HEIGHT - BOTTOM + 38, words, "middle", "small"))

    def bars(self, groups):
        """Draws a group of bars for each path; a group has its ways and values."""
        width = PANEL / (sum(len(bars) for _, bars in groups) + len(groups))
        x = self.left + width / 2
        for name, bars in groups:
            self.label(x + width * len(bars) / 2, name)
            for way, value in bars:
                y, colour = self.y(value), COLOURS[way]
                height = self.y(0) - y
                size = f'width="{width - 1:.1f}" height="{height:.1f}"'
                self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{colour}"/>')
                x += width
            x += width

    def lines(self, labels, rows):
        step = PANEL / len(labels)
        places = [self.left + step * (at + 0.5) for at in range(len(labels))]
        for x, words in zip(places, labels):
            self.label(x, words)
        for way, values in rows.items():
            points = " ".join(f"{x:.1f},{self.y(value):.1f}" for x, value in zip(places, values))
            self.parts.append(f'<polyline points="{points}" stroke="{COLOURS[way]}"/>')
            for x, value in zip(places, values):
                self.parts.append(f'<circle cx="{x:.1f}" cy="{self.y(value):.1f}" r="3" fill="{COLOURS[way]}"/>')


def legend():
    parts, x = [], MARGIN - 44
    for way, name in NAMES.items():
        parts.append(f'<rect x="{x}" y="{HEIGHT - 26}" width="12" height="12" fill="{COLOURS[way]}"/>')
        parts.append(text(x + 18, HEIGHT - 16, name, "start"))
        x += 42 + 7 * len(name)
    return parts


def by_path(counted):
    groups = [
        (path, [(way, counted[f"{path}/{way}"]["instructions"]) for way in COLOURS if f"{path}/{way}" in counted])
        for path in PATHS
    ]
    groups = [(path, [(way, value) for way, value in bars if way != "none"]) for path, bars in groups]
    most = max(value for _, bars in groups for _, value in bars)
    panel = Panel(0, "Cost by path", "instructions of a request", most, lambda mark: f"{mark / 1000:g}k" if mark else "0")
    panel.bars(groups)
    panel.caption("how the credential is sent, or refused")
    return panel.parts


def by_callers(sizes, rows):
    most = max(max(values) for values in rows.values())
    panel = Panel(1, "Cost by stored callers", "ns of a request", most, lambda mark: f"{mark:g}")
    panel.lines([f"1e{round(math.log10(size))}" for size in sizes], rows)
    panel.caption("callers, in random order")
    return panel.parts


def by_tasks(sizes, rows):
    most = max(max(values) for values in rows.values())
    panel = Panel(2, "Throughput by tasks", "requests a second", most, lambda mark: f"{mark / 1e6:g}M" if mark else "0")
    panel.lines([str(size) for size in sizes], rows)
    panel.caption("tasks on two workers")
    return panel.parts


def draw(figures, stored_sizes, task_sizes):
    parts = by_path(figures["counted"]) + by_callers(stored_sizes, figures["stored"])
    parts += by_tasks(task_sizes, figures["tasks"]) + legend()
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="cost-plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    title = "<title>The cost of authentication by path, by stored callers and by tasks</title>"
    return "\n".join([head, title, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"
