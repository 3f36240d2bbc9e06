"""Reading a folder of trial records, and refusing what cannot be meant.

Pure: no Django, no database, no clock. The form is that of ``public.ctn0094data``: ``people.csv``,
``randomization.csv`` and ``treatment.csv``, where ``when`` is the study day (0 = consent). Other
files of the folder are not read. Everything is checked before anything is returned, so that
nothing is ever half-loaded.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

LAST_DAY = 168
"""The last study day that is played; day 0 is the first."""

NALTREXONE_ARM = "Inpatient NR-NTX"
INJECTION_MG = Decimal(380)
COLUMNS = {
    "people.csv": ("who",),
    "randomization.csv": ("who", "treatment", "which", "when"),
    "treatment.csv": ("who", "amount", "when"),
}

_WHO = re.compile(r"[A-Za-z0-9._-]{1,20}")
_DAY = re.compile(r"-?[0-9]{1,5}")
_LARGEST_MG = Decimal(4000)  # above this an entry is a slip of the keys
_CENT = Decimal("0.01")


class Unreadable(Exception):
    """A folder that cannot be played; the message is one line that says where and why."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the trial. ``arm`` is that of the first randomisation, None without one."""

    who: str
    arm: str | None
    randomised_on: int | None

    @property
    def injected(self) -> bool:
        return self.arm == NALTREXONE_ARM


@dataclass(frozen=True, slots=True)
class Trial:
    """A folder that was read. Facts are by study day; each person has at most one of a kind on a day."""

    people: tuple[Person, ...]
    randomised: Mapping[int, tuple[Person, ...]]
    injections: Mapping[int, tuple[tuple[str, Decimal], ...]]  # (who, mg)
    doses: Mapping[int, tuple[tuple[str, Decimal], ...]]  # (who, mg of the whole day)
    warnings: Mapping[str, int]


WARNINGS = {
    "people_with_doses_and_no_arm": "people with doses and no arm: loaded without a regimen, their doses left out",
    "doses_left_out_without_arm": "doses of people without an arm: left out",
    "doses_outside_days": "doses before day 0 or after the last day: left out",
    "doses_before_arm": "doses given before the randomisation: played as they are",
    "doses_merged_on_a_day": "second doses on the same day: added to the first",
    "injections_merged_on_a_day": "second injections on the same day: left out",
    "arms_outside_days": "people randomised outside the days played: loaded without a regimen",
    "arms_changed_later": "people whose second randomisation names another arm: the first counts",
}


def load(folder: Path) -> Trial:
    """Read and check a folder. Raises Unreadable for a missing file or column, or a row that cannot be read."""
    if not folder.is_dir():
        raise Unreadable(f"{folder} is not a folder")
    # A file that is missing is said before a row is blamed.
    for name in COLUMNS:
        if not (folder / name).is_file():
            raise Unreadable(f"{name} is missing in {folder}")
    warnings: Counter[str] = Counter()
    known = _people(folder / "people.csv")
    arms = _arms(folder / "randomization.csv", known, warnings)
    people = tuple(Person(who, *arms.get(who, (None, None))) for who in known)
    injections, doses = _doses(folder / "treatment.csv", {person.who: person for person in people}, warnings)
    randomised: dict[int, list[Person]] = {}
    for person in people:
        if person.randomised_on is not None:
            randomised.setdefault(person.randomised_on, []).append(person)
    return Trial(
        people=people,
        randomised={day: tuple(found) for day, found in randomised.items()},
        injections=injections,
        doses=doses,
        warnings={name: warnings[name] for name in WARNINGS if warnings[name]},
    )


@dataclass(frozen=True, slots=True)
class _Row:
    file: str
    line: int
    values: Mapping[str, str]

    def refuse(self, why: str) -> Unreadable:
        return Unreadable(f"{self.file} line {self.line}: {why}")

    def who(self) -> str:
        text = self.values["who"]
        if not _WHO.fullmatch(text):
            raise self.refuse("who must be a short id")
        return text

    def day(self) -> int:
        text = self.values["when"]
        if not _DAY.fullmatch(text):
            raise self.refuse("when must be a study day, a whole number")
        return int(text)

    def amount_mg(self) -> Decimal:
        try:
            mg = Decimal(self.values["amount"])
        except InvalidOperation:
            mg = Decimal("NaN")
        if not (mg.is_finite() and 0 < mg <= _LARGEST_MG):
            raise self.refuse(f"amount must be a number above 0 and at most {_LARGEST_MG}")
        return mg


def _rows(path: Path) -> Iterator[_Row]:
    wanted = COLUMNS[path.name]
    line = 1
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            for name in wanted:
                if header.count(name) != 1:
                    raise Unreadable(f"{path.name} has no column {name}")
            places = [(name, header.index(name)) for name in wanted]
            for cells in reader:
                line = reader.line_num
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise Unreadable(f"{path.name} line {line}: {len(cells)} values where {len(header)} are named")
                yield _Row(path.name, line, {name: cells[place].strip() for name, place in places})
    except (csv.Error, UnicodeDecodeError) as error:
        raise Unreadable(f"{path.name} after line {line}: this is not CSV in UTF-8") from error
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}") from error


def _people(path: Path) -> list[str]:
    found: dict[str, None] = {}
    for row in _rows(path):
        who = row.who()
        if who in found:
            raise row.refuse(f"person {who} is listed twice")
        found[who] = None
    if not found:
        raise Unreadable(f"{path.name} names nobody")
    return list(found)


def _arms(path: Path, known: list[str], warnings: Counter[str]) -> dict[str, tuple[str, int]]:
    """The arm and day of each person's first randomisation, by ``which``."""
    there = set(known)
    found: dict[str, dict[int, tuple[str, int]]] = {}
    for row in _rows(path):
        who, arm, which = row.who(), row.values["treatment"], row.values["which"]
        if who not in there:
            raise row.refuse(f"person {who} is not in people.csv")
        if not arm:
            raise row.refuse("treatment names no arm")
        if which not in ("1", "2", "3", "4"):
            raise row.refuse("which must be 1 for the first randomisation, 2 for the second")
        if int(which) in found.setdefault(who, {}):
            raise row.refuse(f"person {who} has two randomisations of this number")
        found[who][int(which)] = (arm, row.day())
    first = {}
    for who, turns in found.items():
        arm, day = turns[min(turns)]
        warnings["arms_changed_later"] += any(later != arm for later, _ in turns.values())
        if 0 <= day <= LAST_DAY:
            first[who] = (arm, day)
        else:
            warnings["arms_outside_days"] += 1
    return first


Facts = dict[int, tuple[tuple[str, Decimal], ...]]


def _doses(path: Path, people: Mapping[str, Person], warnings: Counter[str]) -> tuple[Facts, Facts]:
    """Injections and other doses by day."""
    injections: dict[int, dict[str, Decimal]] = {}
    doses: dict[int, dict[str, Decimal]] = {}
    without_arm = set()
    for row in _rows(path):
        who, day, amount = row.who(), row.day(), row.amount_mg()
        person = people.get(who)
        if person is None:
            raise row.refuse(f"person {who} is not in people.csv")
        if person.injected and amount != 1:
            raise row.refuse("amount must be 1, one injection, in this arm")
        if person.randomised_on is None:
            without_arm.add(who)
            warnings["doses_left_out_without_arm"] += 1
            continue
        if not 0 <= day <= LAST_DAY:
            warnings["doses_outside_days"] += 1
            continue
        warnings["doses_before_arm"] += day < person.randomised_on
        of_day = (injections if person.injected else doses).setdefault(day, {})
        if person.injected:
            warnings["injections_merged_on_a_day"] += who in of_day
            of_day[who] = INJECTION_MG
        else:
            warnings["doses_merged_on_a_day"] += who in of_day
            of_day[who] = (of_day.get(who, Decimal(0)) + amount).quantize(_CENT)
            if not of_day[who]:
                raise row.refuse("amount is less than a hundredth of a milligram")
    warnings["people_with_doses_and_no_arm"] = len(without_arm)
    return _by_day(injections), _by_day(doses)


def _by_day(found: Mapping[int, Mapping[str, Decimal]]) -> Facts:
    return {day: tuple(of_day.items()) for day, of_day in found.items()}
