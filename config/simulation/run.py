"""Many patients over many days, on every core; the same seed gives the same run whatever the cores."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date

from config.simulation.world import VIOLATIONS, Counts, Decide, Patient
from reminders.rules import dispatch

BEGIN = date(2026, 1, 5)
CHUNK = 25


@dataclass(frozen=True, slots=True)
class Answer:
    """The keys of ``manage.py simulate --json``, and the first violations in words."""

    patients: int
    days: int
    seed: int
    counts: Counts
    seconds: float

    def as_json(self) -> dict[str, int | float]:
        counts = {name: getattr(self.counts, name) for name in Counts.__slots__ if name != "first"}
        return {
            "patients": self.patients,
            "days": self.days,
            "seed": self.seed,
            **counts,
            "seconds": round(self.seconds, 1),
        }

    @property
    def holds(self) -> bool:
        return not any(getattr(self.counts, name) for name in VIOLATIONS)


def _some(first: int, last: int, days: int, seed: int, decide: Decide) -> Counts:
    total = Counts()
    for number in range(first, last):
        total.add(Patient(number, days=days, seed=str(seed), begin=BEGIN, decide=decide).run())
    return total


def simulate(
    *, patients: int, days: int, seed: int, processes: int | None = None, decide: Decide = dispatch.decide
) -> Answer:
    """Play ``patients`` people over ``days`` days with a fault every 100 sends.

    Each person depends on the seed and their own number alone, so that a failing run replays exactly.
    ``decide`` is for tests that plant a mistake; it runs in this process.
    """
    began = time.monotonic()
    total = Counts()
    parts = [(first, min(first + CHUNK, patients)) for first in range(0, patients, CHUNK)]
    cores = processes or os.cpu_count() or 1
    if cores == 1 or decide is not dispatch.decide or len(parts) == 1:
        for first, last in parts:
            total.add(_some(first, last, days, seed, decide))
    else:
        with ProcessPoolExecutor(cores) as pool:
            jobs = [pool.submit(_some, first, last, days, seed, dispatch.decide) for first, last in parts]
            for job in jobs:
                total.add(job.result())
    return Answer(patients, days, seed, total, time.monotonic() - began)
