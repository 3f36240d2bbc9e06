"""Where the marks of the two drawings go. Templates draw them; each has a table beside it.

A state is told by its shape first and by its colour second, and what nobody reported is an
empty outline: it is not missed. Days without an answer are gaps, never filled in.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from recovery.rules.states import DoseState
from recovery.selectors.patient_page import CravingView, DoseView
from recovery.web import words

CELL_W, CELL_H, LABEL_W, HEAD_H, MARK = 40, 34, 58, 22, 20

SHAPE = {
    DoseState.TAKEN: "taken",
    DoseState.SKIPPED: "not-taken",
    DoseState.MISSED: "not-taken",
    DoseState.HELD: "held",
    DoseState.NOT_REPORTED: "empty",
    DoseState.SCHEDULED: "planned",
    DoseState.DUE: "open",
    DoseState.OVERDUE: "open",
}
LEGEND = (
    ("taken", "taken"),
    ("not-taken", "said not taken"),
    ("empty", "not reported"),
    ("held", "on hold"),
    ("open", "still open"),
    ("planned", "planned"),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One shape: its left upper corner, its size, and what it says when pointed at."""

    x: float
    y: float
    size: float
    shape: str
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place; ``text_y`` sets it level with a line at ``y``."""

    x: float
    y: float
    text: str

    @property
    def text_y(self) -> float:
        return self.y + 4


@dataclass(frozen=True, slots=True)
class DoseStrip:
    """Six weeks, a row for each, Monday to Sunday."""

    width: int
    height: int
    days: tuple[Label, ...]
    weeks: tuple[Label, ...]
    marks: tuple[Mark, ...]
    today_x: float
    today_y: float
    summary: str
    legend: tuple[tuple[str, str], ...]


def dose_strip(doses: Sequence[DoseView], *, first: date, weeks: int, today: date, zone: str) -> DoseStrip:
    """Lay out the doses from Monday ``first`` on."""
    by_day: dict[date, list[DoseView]] = defaultdict(list)
    for dose in doses:
        by_day[dose.day].append(dose)
    marks = []
    for day, found in by_day.items():
        row, column = divmod((day - first).days, 7)
        size = MARK if len(found) == 1 else MARK * 0.62
        per_line = 1 if len(found) == 1 else 2
        lines = -(-len(found) // per_line)
        for index, dose in enumerate(found):
            line, place = divmod(index, per_line)
            inner_w, inner_h = per_line * (size + 2) - 2, lines * (size + 2) - 2
            marks.append(
                Mark(
                    x=round(LABEL_W + column * CELL_W + (CELL_W - inner_w) / 2 + place * (size + 2), 1),
                    y=round(HEAD_H + row * CELL_H + (CELL_H - inner_h) / 2 + line * (size + 2), 1),
                    size=round(size, 1),
                    shape=SHAPE.get(dose.state, "planned"),
                    title=dose_line(dose, today=today, zone=zone),
                )
            )
    row, column = divmod((today - first).days, 7)
    shown = {mark.shape for mark in marks}
    return DoseStrip(
        width=LABEL_W + 7 * CELL_W,
        height=HEAD_H + weeks * CELL_H,
        days=tuple(
            Label(LABEL_W + i * CELL_W + CELL_W / 2, HEAD_H - 8, name)
            for i, name in enumerate(("M", "T", "W", "T", "F", "S", "S"))
        ),
        weeks=tuple(
            Label(0, HEAD_H + i * CELL_H + CELL_H / 2 + 4, words.week_label(first + timedelta(weeks=i)))
            for i in range(weeks)
        ),
        marks=tuple(marks),
        today_x=LABEL_W + column * CELL_W + 2,
        today_y=HEAD_H + row * CELL_H + 2,
        summary=summary(doses),
        legend=tuple(entry for entry in LEGEND if entry[0] in shown),
    )


def dose_line(dose: DoseView, *, today: date, zone: str) -> str:
    """Return "Tue 3 Mar, 8:00 AM: taken (patient, by text)"."""
    text = f"{words.day_name(dose.day, today=today)}, {words.clock_time(dose.due_at, zone)}: {words.DOSE[dose.state]}"
    if dose.state is DoseState.TAKEN and dose.timeliness == "late":
        text += ", late"
    return f"{text} ({words.said(words.SOURCE, dose.source)})" if dose.source else text


def summary(doses: Sequence[DoseView]) -> str:
    """The strip in one line, for people who do not see it; only days that are over or answered count."""
    counts: dict[str, int] = defaultdict(int)
    for dose in doses:
        if dose.state in (DoseState.MISSED, DoseState.SKIPPED):
            counts["said not taken"] += 1
        elif dose.state in (DoseState.TAKEN, DoseState.NOT_REPORTED, DoseState.HELD):
            counts[words.DOSE[dose.state]] += 1
    order = ("taken", "said not taken", "not reported", "on hold")
    return ", ".join(f"{counts[name]} {name}" for name in order if counts[name]) or "nothing to show yet"


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class CravingChart:
    """Readings from 0 to 10 over the last weeks. ``lines`` join readings at most two days apart."""

    width: int
    height: int
    rules: tuple[Label, ...]
    ticks: tuple[Label, ...]
    dots: tuple[Dot, ...]
    lines: tuple[str, ...]
    usual_y: float | None
    usual: float | None
    left: int
    right: int
    summary: str


def craving_chart(
    readings: Sequence[CravingView], *, first: date, today: date, usual: float | None, zone: str
) -> CravingChart:
    """Lay out the readings from ``first`` to ``today``."""
    left, right, top, bottom, width, height = 26, 470, 10, 150, 480, 178
    span = max(1, (today - first).days)

    def x_of(day: date) -> float:
        return round(left + 6 + (right - left - 12) * (day - first).days / span, 1)

    def y_of(value: float) -> float:
        return round(bottom - (bottom - top) * value / 10, 1)

    dots = tuple(
        Dot(x_of(each.day), y_of(each.intensity), f"{words.day_name(each.day, today=today)}: {each.intensity} of 10")
        for each in readings
        if first <= each.day <= today
    )
    lines, run, before = [], [], None
    for each, dot in zip((r for r in readings if first <= r.day <= today), dots, strict=True):
        if before is not None and (each.day - before).days > 2:
            lines.append(run)
            run = []
        run.append(f"{dot.x},{dot.y}")
        before = each.day
    lines.append(run)
    middle = first + timedelta(days=span // 2)
    return CravingChart(
        width=width,
        height=height,
        rules=tuple(Label(left, y_of(value), str(value)) for value in (0, 5, 10)),
        ticks=tuple(Label(x_of(day), height - 8, words.day_name(day, today=today)) for day in (first, middle, today)),
        dots=dots,
        lines=tuple(" ".join(points) for points in lines if len(points) > 1),
        usual_y=None if usual is None else y_of(usual),
        usual=usual,
        left=left,
        right=right,
        summary=_craving_summary(readings, usual, today),
    )


def _craving_summary(readings: Sequence[CravingView], usual: float | None, today: date) -> str:
    if not readings:
        return "no readings yet"
    latest = readings[-1]
    text = (
        f"{len(readings)} readings; the latest is {latest.intensity} of 10, {words.day_name(latest.day, today=today)}"
    )
    return text if usual is None else f"{text}; the usual is {usual}"


@dataclass(frozen=True, slots=True)
class ScoreChart:
    """Scores or answers over time, from 0 to ``top``; ``cut_y`` is where the cut lies, None without one."""

    width: int
    height: int
    rules: tuple[Label, ...]
    ticks: tuple[Label, ...]
    dots: tuple[Dot, ...]
    line: str
    cut_y: float | None
    left: int
    right: int
    summary: str


def score_chart(points: Sequence[tuple[date, int]], *, top: int, cut: int | None, today: date) -> ScoreChart:
    """Lay out points that are in order of time, from the first of them to ``today``."""
    left, right, upper, bottom, width, height = 26, 470, 10, 110, 480, 138
    first = points[0][0]
    span = max(1, (today - first).days)

    def x_of(day: date) -> float:
        return round(left + 6 + (right - left - 12) * min(1.0, (day - first).days / span), 1)

    def y_of(value: float) -> float:
        return round(bottom - (bottom - upper) * min(value, top) / top, 1)

    dots = tuple(
        Dot(x_of(day), y_of(value), f"{words.day_name(day, today=today)}: {value} of {top}") for day, value in points
    )
    latest_day, latest = points[-1]
    counted = "1 answer" if len(points) == 1 else f"{len(points)} answers"
    ends = (first, today) if first < today else (first,)
    return ScoreChart(
        width=width,
        height=height,
        rules=tuple(Label(left, y_of(value), str(value)) for value in (0, top)),
        ticks=tuple(Label(x_of(day), height - 8, words.day_name(day, today=today)) for day in ends),
        dots=dots,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots) if len(dots) > 1 else "",
        cut_y=None if cut is None else y_of(cut),
        left=left,
        right=right,
        summary=f"{counted}; the latest is {latest}, {words.day_name(latest_day, today=today)}",
    )
