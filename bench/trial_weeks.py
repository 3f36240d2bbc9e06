"""Weeks of real people from the open trial records (CTN-0094, MIT licence): what was known when, and how it ended.

A week's urine is one sign: ``+`` opioid found, ``-`` none found, ``*`` both, ``o`` no sample. Week 1 begins the
day after randomisation. A visit without an opioid found counts as a negative sample.

A relapse is the trial's rule as E2 tells it: four weeks in a row from week 3 on, no sample and mixed counted as
positive. So leaving the study is a relapse here, and a rule built on missed visits is partly circular.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

NALTREXONE, BUPRENORPHINE = "Inpatient NR-NTX", "Inpatient BUP"
WEEKS = 24
FIRST_COUNTED, IN_A_ROW = 3, 4
OPIOIDS = frozenset({"Opioid", "Methadone"})
USED = frozenset({"Heroin", "Opioid", "Methadone", "Buprenorphine"})
NEEDED = ("randomization.csv", "treatment.csv", "urine.csv", "visits.csv", "self_report.csv")


class NoTrial(Exception):
    """The folder does not hold what is needed."""


@dataclass(frozen=True)
class Participant:
    """One person of an arm; days are study days."""

    who: str
    arm: str
    randomised: int
    injections: tuple[int, ...]
    sampled: frozenset[int]
    positive: frozenset[int]
    used: frozenset[int]

    @cached_property
    def word(self) -> str:
        """The 24 signs."""
        return "".join(self._sign(week) for week in range(1, WEEKS + 1))

    def begins(self, week: int) -> int:
        """Return the first study day of ``week``."""
        return self.randomised + 1 + 7 * (week - 1)

    def _sign(self, week: int) -> str:
        days = [day for day in range(self.begins(week), self.begins(week + 1)) if day in self.sampled]
        if not days:
            return "o"
        found = [day in self.positive for day in days]
        return "+" if all(found) else "*" if any(found) else "-"

    @cached_property
    def relapse_week(self) -> int | None:
        """The first week of the run, None without one."""
        counted = self.word.replace("o", "+").replace("*", "+")
        place = counted.find("+" * IN_A_ROW, FIRST_COUNTED - 1)
        return None if place < 0 else place + 1

    def days_since_injection(self, day: int) -> int | None:
        """Return the days since the last injection before or on ``day``, None before the first."""
        given = [each for each in self.injections if each <= day]
        return day - given[-1] if given else None


def load(folder: Path) -> list[Participant]:
    """Return everybody of the two arms of the injection trial. Raises ``NoTrial`` naming what is missing."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise NoTrial(f"The folder has no {', '.join(missing)}.")
    arms = {row["who"]: row for row in _rows(folder / "randomization.csv") if row["which"] == "1"}
    injections: dict[str, set[int]] = defaultdict(set)
    sampled: dict[str, set[int]] = defaultdict(set)
    positive: dict[str, set[int]] = defaultdict(set)
    used: dict[str, set[int]] = defaultdict(set)
    for row in _dated(folder / "treatment.csv"):
        injections[row["who"]].add(int(row["when"]))
    for row in _dated(folder / "visits.csv"):
        if row["what"] in ("visit", "final"):
            sampled[row["who"]].add(int(row["when"]))
    for row in _dated(folder / "urine.csv"):
        sampled[row["who"]].add(int(row["when"]))
        if row["what"] in OPIOIDS:
            positive[row["who"]].add(int(row["when"]))
    for row in _dated(folder / "self_report.csv"):
        if row["what"] in USED:
            used[row["who"]].add(int(row["when"]))
    return [
        Participant(
            who=who,
            arm=row["treatment"],
            randomised=int(row["when"]),
            injections=tuple(sorted(injections[who])) if row["treatment"] == NALTREXONE else (),
            sampled=frozenset(sampled[who]),
            positive=frozenset(positive[who]),
            used=frozenset(used[who]),
        )
        for who, row in sorted(arms.items(), key=lambda pair: int(pair[0]))
        if row["treatment"] in (NALTREXONE, BUPRENORPHINE)
    ]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def _dated(path: Path) -> Iterator[dict[str, str]]:
    return (row for row in _rows(path) if row["when"])
