"""A made-up folder of the form that ``loader`` reads, so that the replay can be tested without trial data.

``python -m config.replay.synthetic FOLDER [--people N] [--seed N]``. Nobody in it exists: the first
people are the edge cases, the others come from a seeded generator. Pure standard library.
"""

import argparse
import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.replay.loader import LAST_DAY, NALTREXONE_ARM

SEED = 94
FORM = {
    "people.csv": "who project age is_male is_hispanic race is_living_stable education",
    "randomization.csv": "who treatment which when",
    "treatment.csv": "who amount when",
    "urine.csv": "who what when",
    "self_report.csv": "who what when",
    "visits.csv": "who visit what missed_because when",
    "withdrawal.csv": "who withdrawal when",
}
OTHER_ARMS = ("Methadone", "Outpatient BUP", "Inpatient BUP", "Outpatient BUP + EMM", "Outpatient BUP + SMM")


@dataclass(slots=True)
class MadeUp:
    """A person of the folder: randomisations (arm, which, day) and rows of treatment.csv (amount, day)."""

    arms: list[tuple[str, int, int]] = field(default_factory=list)
    given: list[tuple[str, int]] = field(default_factory=list)


def _injected(*days: int, randomised: int = 0) -> MadeUp:
    return MadeUp(
        arms=[(NALTREXONE_ARM, 1, randomised), (NALTREXONE_ARM, 2, randomised)], given=[("1.0", day) for day in days]
    )


def _other(days: Iterable[int], *, arm: str = "Methadone", randomised: int = 1, amount: str = "60.0") -> MadeUp:
    return MadeUp(arms=[(arm, 1, randomised)], given=[(amount, day) for day in days])


def edge_cases() -> list[MadeUp]:
    """One person for each turn that a count can get wrong."""
    return [
        _injected(1, 29, 57, 85, 113, 141),  # always on day 28; the last falls due after the end
        _injected(0, 29),  # back on day 29: crossed at midnight, given after; then never again
        _injected(3, 34, 65, 96, 127, 158),  # always on day 31
        _injected(2, 34, 70, 113),  # back on days 32, 36 and 43
        _injected(5, 62, 120),  # back on days 57 and 58
        _injected(4),  # once, never again: crosses everything
        _injected(1, 28, 56, 84, 112),  # day 57 would be study day 169
        _injected(1, 27, 55, 83, 111),  # day 57 is the last study day
        _injected(1, 15, 36, 57),  # early: after 14 and 21 days
        _injected(111, 139, 168, randomised=110),  # crossed and given on the last day
        _injected(),  # randomised, never injected
        MadeUp([(NALTREXONE_ARM, 1, 0)], [("1.0", 6), ("1.0", 6), ("1.0", 41)]),  # two rows on one day
        _injected(120, 180),  # the return lies after the end: crossed, not returned
        _injected(2, 20, randomised=4),  # injected before the randomisation
        _other(range(1, 160)),
        _other([*range(1, 20), *range(30, 60), *range(64, 150)]),  # silences of 10 and 4 days
        _other([*range(2, 9), 5, 6]),  # two doses on two days; then silent to the end
        _other([0, 3, 4, 5], randomised=3),  # a dose before the randomisation
        _other([*range(150, 200)], randomised=149),  # goes on after the end
        _other([], arm="Outpatient BUP"),  # never dosed
        _other([170, 171], randomised=169),  # randomised after the end
        MadeUp(
            [("Outpatient BUP + EMM", 1, 1), ("Outpatient BUP + SMM", 2, 40)],
            [("12.0", day) for day in range(1, 80, 2)],
        ),
        MadeUp(
            [("Inpatient BUP", 1, 2), (NALTREXONE_ARM, 2, 30)], [("16.0", day) for day in range(2, 30)]
        ),  # the first randomisation counts
        MadeUp([], [("8.0", 3), ("8.0", 4)]),  # doses and no arm
        MadeUp(),
        MadeUp(),
    ]


def random_people(number: int, *, rng: random.Random) -> list[MadeUp]:
    """People whose doses come and stop as they do in trials."""
    found = []
    for _ in range(number):
        kind, start = rng.random(), rng.randint(0, 12)
        if kind < 0.3:
            found.append(MadeUp())
        elif kind < 0.55:
            days, day = [], start + rng.randint(0, 9)
            while day <= LAST_DAY and rng.random() < 0.85:
                days.append(day)
                day += rng.choice((21, 25, 27, 28, 28, 28, 28, 29, 30, 33, 36, 44, 58))
            found.append(_injected(*days, randomised=start))
        else:
            end = rng.choice((rng.randint(start, LAST_DAY), LAST_DAY, LAST_DAY + 30))
            kept = [day for day in range(start, end + 1) if rng.random() < 0.88]
            amount = rng.choice(("8.0", "12.0", "16.0", "60.0", "82.5"))
            found.append(_other(kept, arm=rng.choice(OTHER_ARMS), randomised=start, amount=amount))
    return found


def write_folder(folder: Path, *, people: int = 60, seed: int = SEED) -> None:
    """Write a folder of at least the edge cases, ``people`` in all; the same seed gives the same bytes."""
    rng = random.Random(seed)  # noqa: S311 - made-up people, not secrets
    cases = edge_cases()
    cases += random_people(max(0, people - len(cases)), rng=rng)
    rows: dict[str, list[Sequence[object]]] = {name: [] for name in FORM}
    for who, person in enumerate(cases, start=1):
        rows["people.csv"].append((who, 51, f"{rng.randint(19, 64)}.0", rng.choice(("Yes", "No")), "No", "", "", ""))
        rows["randomization.csv"] += [(who, arm, which, day) for arm, which, day in person.arms]
        rows["treatment.csv"] += [(who, amount, day) for amount, day in person.given]
        rows["visits.csv"] += [(who, f"WK{week}", "visit", "", week * 7) for week in range(3) if person.arms]
        rows["urine.csv"] += [(who, "Opioid", 7)] if person.arms and rng.random() < 0.4 else []
        rows["self_report.csv"] += [(who, "Heroin", -3)] if person.arms and rng.random() < 0.6 else []
        rows["withdrawal.csv"] += [(who, rng.randint(0, 3), 0)] if person.arms else []
    folder.mkdir(parents=True, exist_ok=True)
    for name, header in FORM.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header.split())
            writer.writerows(rows[name])


def main() -> None:
    """Parse, and write the folder."""
    parser = argparse.ArgumentParser(description="Make up a folder of trial records.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seed", type=int, default=SEED)
    chosen = parser.parse_args()
    write_folder(chosen.folder, people=chosen.people, seed=chosen.seed)


if __name__ == "__main__":
    main()
