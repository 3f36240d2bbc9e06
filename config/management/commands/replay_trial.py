"""``manage.py replay_trial FOLDER``: the people of a trial, day by day, through the live services."""

import json
import resource
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from backend import clock
from config.replay.loader import LAST_DAY, WARNINGS, Unreadable, load
from config.replay.play import Replay
from config.replay.report import report

MEASURED_DAYS = (20, 160)
MUST_BE_ZERO = ("flags_early", "flags_duplicate", "flags_after_injection", "messages_without_outcome")


class Command(BaseCommand):
    help = "Play the records of a trial into a program of their own and count what came of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="with people.csv, randomization.csv and treatment.csv")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
        parser.add_argument(
            "--until",
            type=int,
            default=LAST_DAY,
            metavar="DAY",
            help=f"the last study day to play (default {LAST_DAY})",
        )
        parser.add_argument("--keep", action="store_true", help="leave the program open; without it, it is closed")

    def handle(self, *args: Any, folder: Path, json: bool, until: int, keep: bool, **options: Any) -> None:
        started = time.monotonic()
        if not 0 <= until <= LAST_DAY:
            raise CommandError(f"--until takes a study day from 0 to {LAST_DAY}")
        try:
            trial = load(folder)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        for name, number in trial.warnings.items():
            self.stderr.write(f"{number} {WARNINGS[name]}")
        replay = Replay(trial, until=until)
        memory = {}
        try:
            with _progress(self.stderr) as progress:
                bar = progress.add_task("Enrolling", total=until + 1)
                replay.enrol(now=clock.now())
                progress.update(bar, description="Study day")
                for day in replay.days():
                    progress.update(bar, completed=day + 1)
                    if day in MEASURED_DAYS:
                        memory[str(day)] = _resident_mb()
            found = report(replay)
        finally:
            if not keep:
                replay.close(now=clock.now())
        found |= {
            "seconds": round(time.monotonic() - started, 1),
            "memory_mb": memory | {"peak": _peak_mb()},
            "program": replay.slug,
            "warnings": dict(trial.warnings),
        }
        self.stdout.write(_as_json(found) if json else _as_table(found, kept=keep))


def _progress(stderr: Any) -> Progress:
    """A bar on a terminal, nothing anywhere else."""
    shown = hasattr(stderr, "isatty") and stderr.isatty()
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        disable=not shown,
    )


def _as_json(found: dict[str, Any]) -> str:
    return json.dumps(found, indent=2)


def _as_table(found: dict[str, Any], *, kept: bool) -> str:
    totals = Table("Counted", "Number", title=f"Program {found['program']}, {'kept open' if kept else 'closed'}")
    totals.columns[1].justify = "right"
    for key in ("people", "randomised_ntx", "inducted_ntx", "injections", "flags", "messages"):
        totals.add_row(key, str(found[key]))
    for key in MUST_BE_ZERO:
        totals.add_row(key, str(found[key]), style="red" if found[key] else "")
    totals.add_row("seconds", str(found["seconds"]))
    totals.add_row("memory_mb at its peak", str(found["memory_mb"]["peak"]))
    late = Table("Days since injection", "Crossed", "Injected again later")
    for column in late.columns[1:]:
        column.justify = "right"
    for dsl, crossed in found["crossed"].items():
        late.add_row(dsl, str(crossed), str(found["returned"][dsl]))
    arms = Table("Arm", "People dosed", "Mean share of days covered", "At least 80 %", "Median longest gap, days")
    for column in arms.columns[1:]:
        column.justify = "right"
    for arm, share in found["adherence"].items():
        arms.add_row(
            arm, str(share["n"]), f"{share['mean']:.4f}", str(share["at_least_80"]), f"{share['median_longest_gap']:g}"
        )
    text = StringIO()
    console = Console(file=text, width=110)
    for table in (totals, late, arms):
        console.print(table)
    return text.getvalue().rstrip()


def _resident_mb() -> float:
    """Memory of this process now; where the system does not tell, the most so far."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return _peak_mb()
    return round(pages * resource.getpagesize() / 2**20, 1)


def _peak_mb() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(used / (2**20 if sys.platform == "darwin" else 2**10), 1)
