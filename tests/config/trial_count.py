"""An independent count of a folder of trial records, straight from its CSV files.

It imports nothing of the product on purpose: it walks day by day, where the product stores events.
"""

import csv
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

LAST = 168
THRESHOLDS = (29, 32, 36, 43, 57)
NALTREXONE = "Inpatient NR-NTX"


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def first_arms(folder: Path) -> dict[str, str]:
    found: dict[str, tuple[int, str, int]] = {}
    for row in rows(folder, "randomization.csv"):
        turn = (int(row["which"]), row["treatment"], int(row["when"]))
        found[row["who"]] = min(turn, found.get(row["who"], turn))
    return {who: arm for who, (_, arm, day) in found.items() if 0 <= day <= LAST}


def given_days(folder: Path) -> dict[str, set[int]]:
    days: dict[str, set[int]] = defaultdict(set)
    for row in rows(folder, "treatment.csv"):
        if 0 <= int(row["when"]) <= LAST:
            days[row["who"]].add(int(row["when"]))
    return days


def count(folder: Path) -> dict[str, Any]:
    """The numbers that ``manage.py replay_trial --json`` must give."""
    arms, given = first_arms(folder), given_days(folder)
    naltrexone = [who for who, arm in arms.items() if arm == NALTREXONE]
    crossed = dict.fromkeys(map(str, THRESHOLDS), 0)
    returned = dict.fromkeys(map(str, THRESHOLDS), 0)
    for who in naltrexone:
        last: int | None = None
        passed: list[str] = []
        for day in range(LAST + 1):
            if last is not None and day - last in THRESHOLDS:
                passed.append(str(day - last))
                crossed[passed[-1]] += 1
            if day in given[who]:
                for threshold in passed:
                    returned[threshold] += 1
                last, passed = day, []
    return {
        "people": len(rows(folder, "people.csv")),
        "randomised_ntx": len(naltrexone),
        "inducted_ntx": sum(bool(given[who]) for who in naltrexone),
        "injections": sum(len(given[who]) for who in naltrexone),
        "crossed": crossed,
        "returned": returned,
    }


def adherence(folder: Path) -> dict[str, dict[str, Any]]:
    """Per arm: days covered of the days from the first dose to the last study day, and the longest gap."""
    arms, given = first_arms(folder), given_days(folder)
    shares: dict[str, list[float]] = defaultdict(list)
    gaps: dict[str, list[int]] = defaultdict(list)
    for who, arm in arms.items():
        if not given[who]:
            continue
        lasts = 28 if arm == NALTREXONE else 1
        covered = [any(day - back in given[who] for back in range(lasts)) for day in range(min(given[who]), LAST + 1)]
        run = longest = 0
        for is_covered in covered:
            run = 0 if is_covered else run + 1
            longest = max(longest, run)
        shares[arm].append(sum(covered) / len(covered))
        gaps[arm].append(longest)
    return {
        arm: {
            "n": len(found),
            "mean": round(sum(found) / len(found), 4),
            "at_least_80": sum(share >= 0.8 for share in found),
            "median_longest_gap": median(gaps[arm]),
        }
        for arm, found in shares.items()
    }
