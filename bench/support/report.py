"""One table for people, one object for programs."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.support.stats import LEAST_ROUNDS, Figure


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of a report. ``least`` and ``most`` are bars, where there are any."""

    key: str
    says: str
    figure: Figure
    least: float | None = None
    most: float | None = None
    digits: int = 2

    @property
    def missed(self) -> bool:
        return (self.least is not None and self.figure.misses(self.least)) or (
            self.most is not None and self.figure.over(self.most)
        )


def parser(name: str, about: str | None, *, patients: int, rounds: int = LEAST_ROUNDS) -> argparse.ArgumentParser:
    """The arguments that every measured benchmark takes."""
    made = argparse.ArgumentParser(
        prog=f"python -m bench {name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("--json", action="store_true", help="one object instead of a table")
    made.add_argument("--patients", type=_positive, default=patients, help="default: %(default)s")
    made.add_argument("--rounds", type=_positive, default=rounds, help="default and least for a figure: %(default)s")
    return made


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def progress(quiet: bool) -> Callable[[str], None]:
    """Say where a long run is, on the error output; nothing with --json or into a file."""
    if quiet or not sys.stderr.isatty():
        return lambda _: None
    return lambda text: print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def publish(
    *,
    lines: Sequence[Line],
    about: Mapping[str, Any],
    notes: Sequence[str] = (),
    as_json: bool,
) -> int:
    """Print the figures; returns 1 when a bar is missed, else 0."""
    missed = [line.key for line in lines if line.missed]
    if as_json:
        found: dict[str, Any] = {}
        for line in lines:
            found |= line.figure.keys(line.key, digits=4)
        print(json.dumps(found | {"missed": missed} | dict(about)))
        return 1 if missed else 0
    width = max(len(line.says) for line in lines)
    print("\n" + "  ".join(f"{key}: {value}" for key, value in about.items()) + "\n")
    print(f"{'':<{width}} {'median':>12} {'interval':>23}   bar")
    for line in lines:
        show = f"{{:,.{line.digits}f}}".format
        span = f"{show(line.figure.lo)} .. {show(line.figure.hi)}"
        print(f"{line.says:<{width}} {show(line.figure.value):>12} {span:>23}   {_bar(line, show)}")
    for note in notes:
        print(f"\n{note}")
    return 1 if missed else 0


def _bar(line: Line, show: Callable[[float], str]) -> str:
    if line.least is None and line.most is None:
        return ""
    bar = f">= {show(line.least)}" if line.least is not None else f"<= {show(line.most or 0)}"
    return f"{bar}  {'MISSED' if line.missed else 'met' if not _straddles(line) else 'undecided'}"


def _straddles(line: Line) -> bool:
    """The interval holds the bar: neither met nor missed for certain."""
    if line.least is not None:
        return line.figure.lo < line.least
    return line.most is not None and line.figure.hi > line.most
