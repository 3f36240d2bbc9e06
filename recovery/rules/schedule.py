"""When doses fall due.

A regimen is kept in the patient's wall-clock time and becomes slots late: one
per (dosing day, ordinal), so that a clock change, an edit or a move cannot
make twins. Times from 00:00 to 03:59 belong to the dosing day before them.

Planning runs for every patient every hour, so the instants of a slot are
computed once per (zone, wall time, dosing day) and shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from backend.rules import wall_time
from recovery.rules.medicines import (
    CATALOGUE,
    MEDICINES,
    Cadence,
    CatalogueEntry,
    Interval,
    Medicine,
    Step,
    WeekdayDose,
)
from recovery.rules.policy import Policy

MOST_TIMES_A_DAY = 4
_PLAN_KEYS = {
    "medicine",
    "cadence",
    "times",
    "steps",
    "weekday_doses",
    "every_days",
    "window_before_minutes",
    "window_after_minutes",
    "observed",
}
_DAY = timedelta(days=1)
_NO_TIME = timedelta(0)
_SLOT_CADENCES = {Cadence.DAILY, Cadence.EVERY_N_DAYS, Cadence.WEEKDAYS, Cadence.OBSERVED_DAILY}


class RegimenError(ValueError):
    """A regimen that cannot be; ``field`` names the input that is wrong."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class OverlappingSteps(RegimenError):
    """Two steps claim the same day, or a day between steps belongs to none."""


class DoseOutOfRange(RegimenError):
    """A dose of 0 mg or of more than a slip of the keys explains."""


class Slot(NamedTuple):
    """One dose that falls due. ``closed_by_clinic``: nobody is there to give it; cancelled, never missed.

    A tuple, because a planning run makes hundreds of thousands of them.
    """

    dosing_day: date
    ordinal: int
    due_at: datetime
    opens_at: datetime
    closes_at: datetime
    day_ends_at: datetime
    dose_mg: float
    coverage_hours: float
    step: int
    closed_by_clinic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Regimen:
    """How one medicine is taken, in the patient's wall-clock time. Checked when made.

    ``first_day`` anchors every second and every third day; ``last_day`` is
    inclusive, None while ongoing. ``times`` are local.

    Raises ``RegimenError`` with the field, and ``wall_time.UnknownZone``.
    """

    medicine: Medicine
    cadence: Cadence
    zone: ZoneInfo
    first_day: date
    last_day: date | None = None
    times: tuple[time, ...] = ()
    steps: tuple[Step, ...] = ()
    weekday_doses: tuple[WeekdayDose, ...] = ()
    every_days: int = 1
    window_before: timedelta = timedelta(hours=3)
    window_after: timedelta = timedelta(hours=3)
    observed: bool = False
    version: int = 1

    def __post_init__(self) -> None:
        _check_days(self)
        _check_times(self)
        _check_doses(self)
        # Ordinals count from 04:00: a 01:00 dose is the last of its dosing day.
        in_order = sorted(self.times, key=lambda at: (at < wall_time.DAY_ROLLS_AT, at))
        object.__setattr__(self, "times", tuple(in_order))

    @classmethod
    def from_plan(
        cls,
        plan: Mapping[str, Any],
        *,
        zone: ZoneInfo | str,
        first_day: date,
        last_day: date | None = None,
        version: int = 1,
    ) -> Regimen:
        """Return the regimen that a row holds; ``plan`` is its inverse.

        ``plan`` holds medicine, cadence, times ["08:00"], steps [{from_day, to_day,
        dose_mg, coverage_hours}], weekday_doses [{weekday, dose_mg, coverage_hours}],
        every_days, window_before_minutes, window_after_minutes and observed; only
        the first two must be there. Raises like the class.
        """
        unknown = sorted(set(plan) - _PLAN_KEYS)
        if unknown:
            raise RegimenError("There is no such part of a regimen.", field=unknown[0])
        return cls(
            medicine=_member(Medicine, plan.get("medicine", ""), "medicine"),
            cadence=_member(Cadence, plan.get("cadence", ""), "cadence"),
            zone=zone if isinstance(zone, ZoneInfo) else wall_time.zone_named(zone),
            first_day=first_day,
            last_day=last_day,
            times=tuple(_wall(at) for at in plan.get("times", ())),
            steps=tuple(_part(Step, each, "steps") for each in plan.get("steps", ())),
            weekday_doses=tuple(_part(WeekdayDose, each, "weekday_doses") for each in plan.get("weekday_doses", ())),
            every_days=plan.get("every_days", 1),
            window_before=_minutes(plan.get("window_before_minutes", 180), "window_before_minutes"),
            window_after=_minutes(plan.get("window_after_minutes", 180), "window_after_minutes"),
            observed=bool(plan.get("observed", False)),
            version=version,
        )

    def plan(self) -> dict[str, Any]:
        """Return everything but zone, days and version as JSON values, as ``from_plan`` takes them."""
        return {
            "medicine": self.medicine.value,
            "cadence": self.cadence.value,
            "times": [at.strftime("%H:%M") for at in self.times],
            "steps": [
                {
                    "from_day": step.from_day,
                    "to_day": step.to_day,
                    "dose_mg": step.dose_mg,
                    "coverage_hours": step.coverage_hours,
                }
                for step in self.steps
            ],
            "weekday_doses": [
                {"weekday": dose.weekday, "dose_mg": dose.dose_mg, "coverage_hours": dose.coverage_hours}
                for dose in self.weekday_doses
            ],
            "every_days": self.every_days,
            "window_before_minutes": int(self.window_before.total_seconds() // 60),
            "window_after_minutes": int(self.window_after.total_seconds() // 60),
            "observed": self.observed,
        }

    @property
    def has_slots(self) -> bool:
        """Whether doses of this regimen fall due by themselves (not by visits, not when wanted)."""
        return self.cadence in _SLOT_CADENCES


@dataclass(frozen=True, slots=True)
class NextInjection:
    """When the next of an interval medicine may, should, and at the latest should be given."""

    earliest: date
    planned: date
    flag_after: date


@dataclass(frozen=True, slots=True)
class ZoneMove:
    """What a move of zone does to slots that exist: kept as they are, or at a new instant."""

    kept: tuple[Slot, ...]
    moved: tuple[Slot, ...]


def regimen_from_catalogue(
    key: str,
    *,
    zone: str,
    first_day: date,
    times: Sequence[str | time],
    last_day: date | None = None,
    version: int = 1,
    policy: Policy,
) -> Regimen:
    """Return the regimen that the picker's entry ``key`` makes for a patient.

    Its windows are the policy's. Raises ``RegimenError`` for an unknown key and for a count of times that does
    not fit the entry.
    """
    if key not in CATALOGUE:
        raise RegimenError("There is no such regimen.", field="key")
    entry: CatalogueEntry = CATALOGUE[key]
    if entry.cadence in _SLOT_CADENCES and len(times) != entry.times_a_day:
        raise RegimenError(f"This regimen has {entry.times_a_day} a day.", field="times")
    return Regimen(
        medicine=entry.medicine,
        cadence=entry.cadence,
        zone=wall_time.zone_named(zone),
        first_day=first_day,
        last_day=last_day,
        times=tuple(_wall(at) for at in times) if entry.cadence in _SLOT_CADENCES else (),
        steps=entry.steps,
        weekday_doses=entry.weekday_doses,
        every_days=entry.every_days or 1,
        window_before=timedelta(minutes=policy.window_before_minutes),
        window_after=timedelta(minutes=policy.window_after_minutes),
        observed=entry.observed,
        version=version,
    )


def dose_slots(regimen: Regimen, *, first_day: date, last_day: date, closed_days: Collection[date] = ()) -> list[Slot]:
    """Return the slots of the dosing days ``first_day`` to ``last_day``, both included, in order.

    A regimen that has no slots gives none. On ``closed_days`` an observed dose
    cannot be given: its slot comes back marked, so that it is written as
    cancelled by the clinic and warned about ahead (W8); a dose at home stays.
    """
    if not regimen.has_slots:
        return []
    day = max(first_day, regimen.first_day)
    end = last_day if regimen.last_day is None else min(last_day, regimen.last_day)
    stride = regimen.every_days if regimen.cadence is Cadence.EVERY_N_DAYS else 1
    # Jump to the cycle: a regimen begun years ago must not cost thousands of turns.
    day += timedelta(days=-(day - regimen.first_day).days % stride)

    zone, before, after = regimen.zone, regimen.window_before, regimen.window_after
    slots: list[Slot] = []
    while day <= end:
        dose = dose_on(regimen, day)
        if dose is not None:
            mg, hours, step = dose
            closed = regimen.observed and day in closed_days
            for ordinal, at in enumerate(regimen.times, start=1):
                due, opens, closes, ends = _instants(day, at, zone, before, after)
                slots.append(Slot(day, ordinal, due, opens, closes, ends, mg, hours, step, closed))
        day += timedelta(days=stride)
    return slots


def dose_on(regimen: Regimen, day: date) -> tuple[float, float, int] | None:
    """Return (mg, coverage hours, number of the step from 1) of one dose on ``day``; None on a day without.

    Says nothing about the last day of the regimen or about its cycle.
    """
    if regimen.cadence is Cadence.WEEKDAYS:
        weekday = day.weekday()
        for dose in regimen.weekday_doses:
            if dose.weekday == weekday:
                return dose.dose_mg, dose.coverage_hours, 1
        return None
    number = (day - regimen.first_day).days + 1
    for index, step in enumerate(regimen.steps, start=1):
        if step.from_day <= number and (step.to_day is None or number <= step.to_day):
            return step.dose_mg, step.coverage_hours, index
    return None


@lru_cache(maxsize=1 << 16)
def _instants(
    day: date, at: time, zone: ZoneInfo, before: timedelta, after: timedelta
) -> tuple[datetime, datetime, datetime, datetime]:
    calendar_day = day + _DAY if at < wall_time.DAY_ROLLS_AT else day
    due = wall_time.to_utc(calendar_day, at, zone)
    closes = due + after
    return due, due - before, closes, max(wall_time.day_end(day, zone), closes)


def due_instant(day: date, at: str, *, zone: str) -> datetime:
    """When the slot of this dosing day at this wall time (``08:00``) falls due, by the zone data of this process."""
    return _instants(day, _wall(at), wall_time.zone_named(zone), _NO_TIME, _NO_TIME)[0]


def next_injection(interval: Interval, *, given_on: Sequence[date]) -> NextInjection:
    """Return when the next one is earliest, planned and late, from all that were given, in any order.

    The second of a medicine with a loading dose may come earlier than the later
    ones (Sublocade: 7 days, then 26). Raises ``ValueError`` when none was given.
    """
    if not given_on:
        raise ValueError("Nothing was given yet.")
    last = max(given_on)
    is_second = len(set(given_on)) == 1
    earliest, planned = interval.earliest, interval.planned
    if is_second and interval.earliest_second is not None:
        earliest = interval.earliest_second
    if is_second and interval.planned_second is not None:
        planned = interval.planned_second
    return NextInjection(
        earliest=last + timedelta(days=earliest),
        planned=last + timedelta(days=planned),
        flag_after=last + timedelta(days=interval.flag_after),
    )


def uncovered_by_closing(
    regimen: Regimen, *, closed_days: Collection[date], first_day: date, last_day: date
) -> list[date]:
    """Return the days without cover that closed clinic days will leave, if every other dose is taken.

    The program is warned with their number a week ahead (W8). Looks at the
    doses of the week before ``first_day`` too, since they cover into it.
    """
    slots = dose_slots(regimen, first_day=first_day - timedelta(days=7), last_day=last_day, closed_days=closed_days)

    def days_of(wanted: Sequence[Slot]) -> set[date]:
        return {
            slot.dosing_day + timedelta(days=offset)
            for slot in wanted
            for offset in range(max(1, int(slot.coverage_hours // 24)))
        }

    given = days_of([slot for slot in slots if not slot.closed_by_clinic])
    lost = days_of([slot for slot in slots if slot.closed_by_clinic]) - given
    return sorted(day for day in lost if first_day <= day <= last_day)


def moved_to_zone(
    slots: Sequence[Slot], *, regimen: Regimen, zone: ZoneInfo, now: datetime, notice: timedelta
) -> ZoneMove:
    """Return what a move to ``zone`` does to planned ``slots``.

    Slots more than ``notice`` ahead get the instants of the new zone under the
    same (dosing day, ordinal); the nearer ones stay, and so does one whose new
    instant would already lie within the notice, so that a move never makes a
    dose late before anybody could be told (architecture 5).
    """
    there = replace(regimen, zone=zone)
    kept: list[Slot] = []
    moved: list[Slot] = []
    for slot in slots:
        at = there.times[slot.ordinal - 1]
        due, opens, closes, ends = _instants(slot.dosing_day, at, zone, regimen.window_before, regimen.window_after)
        if min(slot.due_at, due) <= now + notice:
            kept.append(slot)
        else:
            moved.append(slot._replace(due_at=due, opens_at=opens, closes_at=closes, day_ends_at=ends))
    return ZoneMove(kept=tuple(kept), moved=tuple(moved))


def _member(kind: Any, text: str, field: str) -> Any:
    try:
        return kind(text)
    except ValueError as error:
        raise RegimenError("There is no such choice.", field=field) from error


def _wall(at: str | time) -> time:
    if isinstance(at, time):
        return at
    try:
        return time.fromisoformat(at)
    except (ValueError, TypeError) as error:
        raise RegimenError("A time is written as 08:00.", field="times") from error


def _minutes(value: object, field: str) -> timedelta:
    if type(value) is not int or not 0 <= value <= 1440:
        raise RegimenError("A window has 0 to 1440 minutes.", field=field)
    return timedelta(minutes=value)


def _part(kind: Any, values: Mapping[str, Any], field: str) -> Any:
    try:
        return kind(**values)
    except TypeError as error:
        raise RegimenError("A part of the regimen has other keys.", field=field) from error


def _check_days(regimen: Regimen) -> None:
    if regimen.last_day is not None and regimen.last_day < regimen.first_day:
        raise RegimenError("The last day lies before the first.", field="last_day")
    if not _whole(regimen.every_days) or not 1 <= regimen.every_days <= 60:
        raise RegimenError("The days between doses must be 1 to 60.", field="every_days")
    for field in ("window_before", "window_after"):
        if not timedelta(0) <= getattr(regimen, field) <= _DAY:
            raise RegimenError("A window has 0 to 1440 minutes.", field=field)


def _check_times(regimen: Regimen) -> None:
    if any(at.tzinfo is not None or at.second or at.microsecond for at in regimen.times):
        raise RegimenError("A time is a wall time in whole minutes.", field="times")
    if len(set(regimen.times)) != len(regimen.times):
        raise RegimenError("Two doses are at the same time.", field="times")
    if regimen.has_slots and not 1 <= len(regimen.times) <= MOST_TIMES_A_DAY:
        raise RegimenError(f"A day has 1 to {MOST_TIMES_A_DAY} times.", field="times")


def _check_doses(regimen: Regimen) -> None:
    if regimen.cadence is Cadence.WEEKDAYS:
        _check_weekdays(regimen)
    elif regimen.has_slots:
        _check_steps(regimen)
    limit = MEDICINES[regimen.medicine].dose_limit_mg
    for field, doses in (("steps", regimen.steps), ("weekday_doses", regimen.weekday_doses)):
        for dose in doses:
            if not _number(dose.dose_mg) or not 0 < dose.dose_mg <= limit:
                raise DoseOutOfRange(f"A dose must be above 0 and at most {limit:g} mg.", field=field)
            if not _number(dose.coverage_hours) or not 0 < dose.coverage_hours <= 366 * 24:
                raise RegimenError("Coverage must be above 0 hours and at most a year.", field=field)


def _check_weekdays(regimen: Regimen) -> None:
    days = [dose.weekday for dose in regimen.weekday_doses]
    if not days:
        raise RegimenError("A weekly plan needs at least one day.", field="weekday_doses")
    if any(not _whole(day) or not 0 <= day <= 6 for day in days):
        raise RegimenError("A weekday is 0 (Monday) to 6.", field="weekday_doses")
    if len(set(days)) != len(days):
        raise OverlappingSteps("A weekday has two doses.", field="weekday_doses")


def _check_steps(regimen: Regimen) -> None:
    if not regimen.steps:
        raise RegimenError("A regimen needs at least one step.", field="steps")
    expected = 1
    for index, step in enumerate(regimen.steps):
        if not _whole(step.from_day) or (step.to_day is not None and not _whole(step.to_day)):
            raise RegimenError("The days of a step are whole numbers.", field="steps")
        if step.from_day < expected:
            raise OverlappingSteps("Two steps claim the same day.", field="steps")
        if step.from_day > expected:
            raise OverlappingSteps("A day before this step has no dose.", field="steps")
        if step.to_day is None:
            if index != len(regimen.steps) - 1:
                raise OverlappingSteps("Only the last step can be open.", field="steps")
            return
        if step.to_day < step.from_day:
            raise RegimenError("A step ends before it begins.", field="steps")
        expected = step.to_day + 1


def _whole(value: object) -> bool:
    return type(value) is int


def _number(value: object) -> bool:
    return type(value) in (int, float)
