"""Small charts as SVG text, for the pages under docs/."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 48, 56


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    label: str
    strong: bool = False
    y_low: float | None = None
    y_high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    points: Sequence[tuple[float, float]]
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Dots and lines over two axes that begin at 0; ``x_bar`` and ``y_bar`` are drawn dashed."""

    title: str
    x_name: str
    y_name: str
    x_most: float
    y_most: float
    dots: Sequence[Dot]
    lines: Sequence[Line] = ()
    x_bar: float | None = None
    y_bar: float | None = None

    def render(self) -> str:
        """Return the SVG. It reads without colour: the labels stand beside what they name."""
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(self.title)}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<text x="{LEFT}" y="24" font-size="15" fill="#111">{escape(self.title)}</text>',
            *self._axes(),
            *self._bars(),
        ]
        for line in self.lines:
            path = " ".join(f"{self._x(x):.1f},{self._y(y):.1f}" for x, y in line.points if x <= self.x_most)
            parts.append(f'<polyline points="{path}" fill="none" stroke="#666" stroke-width="1.5"/>')
            x, y = max((point for point in line.points if point[0] <= self.x_most), key=lambda point: point[0])
            place = f'x="{self._x(x) + 6:.1f}" y="{self._y(y) - 2:.1f}"'
            parts.append(f'<text {place} fill="#444">{escape(line.label)}</text>')
        taken: list[tuple[float, float]] = []
        for dot in sorted(self.dots, key=lambda each: (-each.y, each.x)):
            parts.extend(self._dot(dot, taken))
        return "\n".join([*parts, "</svg>", ""])

    def _x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(value, self.x_most) / self.x_most

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, self.y_most) / self.y_most

    def _axes(self) -> list[str]:
        floor, wall = HEIGHT - BOTTOM, LEFT
        parts = [f'<path d="M{wall} {TOP}V{floor}H{WIDTH - RIGHT}" fill="none" stroke="#111"/>']
        for step in range(6):
            x, y = self.x_most * step / 5, self.y_most * step / 5
            parts.append(f'<text x="{self._x(x):.1f}" y="{floor + 18}" text-anchor="middle" fill="#111">{x:.3g}</text>')
            parts.append(f'<text x="{wall - 8}" y="{self._y(y) + 4:.1f}" text-anchor="end" fill="#111">{y:.2g}</text>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(
            f'<text x="{middle}" y="{HEIGHT - 16}" text-anchor="middle" fill="#111">{escape(self.x_name)}</text>'
        )
        parts.append(f'<text x="{LEFT}" y="42" fill="#111">{escape(self.y_name)}</text>')
        return parts

    def _bars(self) -> list[str]:
        dashed = 'stroke="#888" stroke-dasharray="5 4"'
        parts = []
        if self.x_bar is not None:
            parts.append(f'<path d="M{self._x(self.x_bar):.1f} {TOP}V{HEIGHT - BOTTOM}" {dashed}/>')
        if self.y_bar is not None:
            parts.append(f'<path d="M{LEFT} {self._y(self.y_bar):.1f}H{WIDTH - RIGHT}" {dashed}/>')
        return parts

    def _dot(self, dot: Dot, taken: list[tuple[float, float]]) -> list[str]:
        """Return a dot; its label moves down until it is clear of other dots and of the labels in ``taken``."""
        x, y = self._x(dot.x), self._y(dot.y)
        label_x, label_y = x + 12, y + 4
        while any(abs(label_y - other_y) < 14 and abs(label_x - other_x) < 70 for other_x, other_y in taken) or any(
            abs(label_y - 4 - self._y(other.y)) < 10 and -6 < self._x(other.x) - label_x < 14 for other in self.dots
        ):
            label_y += 4
        taken.append((label_x, label_y))
        parts = []
        if dot.y_low is not None and dot.y_high is not None:
            parts.append(f'<path d="M{x:.1f} {self._y(dot.y_low):.1f}V{self._y(dot.y_high):.1f}" stroke="#999"/>')
        if label_y > y + 4:
            parts.append(f'<path d="M{x:.1f} {y:.1f}L{label_x - 2:.1f} {label_y - 4:.1f}" stroke="#bbb"/>')
        size, weight = (6, "bold") if dot.strong else (4, "normal")
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{"#0b5" if dot.strong else "#14a"}"/>')
        parts.append(
            f'<text x="{label_x:.1f}" y="{label_y:.1f}" font-weight="{weight}" fill="#111">{escape(dot.label)}</text>'
        )
        return parts
