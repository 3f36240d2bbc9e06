"""Laboratory values: what is measured, when it is due, how far it lies from the limit (C 1 rows 31, 32, 46).

A value is read against the upper limit that its own laboratory printed, never
against one of ours. How severe a value is says ``flags.lab_severity``.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from recovery.rules.policy import Policy


class LabAnalyte(StrEnum):
    """What a laboratory measured."""

    ALT = "alt"
    AST = "ast"
    BILIRUBIN = "bilirubin"
    GGT = "ggt"
    PLATELETS = "platelets"
    EGFR = "egfr"


class LabUnit(StrEnum):
    """The unit that the laboratory printed."""

    U_PER_L = "u_per_l"
    MG_PER_DL = "mg_per_dl"
    UMOL_PER_L = "umol_per_l"
    GIGA_PER_L = "giga_per_l"
    ML_PER_MIN = "ml_per_min"


UNITS: dict[LabAnalyte, tuple[LabUnit, ...]] = {
    LabAnalyte.ALT: (LabUnit.U_PER_L,),
    LabAnalyte.AST: (LabUnit.U_PER_L,),
    LabAnalyte.BILIRUBIN: (LabUnit.MG_PER_DL, LabUnit.UMOL_PER_L),
    LabAnalyte.GGT: (LabUnit.U_PER_L,),
    LabAnalyte.PLATELETS: (LabUnit.GIGA_PER_L,),
    LabAnalyte.EGFR: (LabUnit.ML_PER_MIN,),
}
"""The units an analyte comes in, the usual first."""

LIVER = (LabAnalyte.ALT, LabAnalyte.AST)
"""What the due dates are for. One of them counts: a laboratory may report only one."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One value against its laboratory's own limit."""

    analyte: LabAnalyte
    value: Decimal
    upper_limit: Decimal | None


@dataclass(frozen=True, slots=True)
class LiverTimes:
    """The liver tests of one day in multiples of their upper limits, None where not measured."""

    alt: float | None = None
    ast: float | None = None
    bilirubin: float | None = None


def liver_times(values: Iterable[Measured]) -> LiverTimes:
    """Return the multiples of one day's values; of the same analyte twice the higher counts.

    A value without a limit has no multiple.
    """
    found: dict[LabAnalyte, float] = {}
    for each in values:
        if each.upper_limit is None:
            continue
        times = float(each.value / each.upper_limit)
        found[each.analyte] = max(times, found.get(each.analyte, 0.0))
    return LiverTimes(
        alt=found.get(LabAnalyte.ALT), ast=found.get(LabAnalyte.AST), bilirubin=found.get(LabAnalyte.BILIRUBIN)
    )


def planned_days(started_on: date, *, until: date, on_disulfiram: bool, policy: Policy) -> list[date]:
    """Return the days liver tests are due, up to and including ``until``.

    The start itself, then after each of the policy's four steps in months, then at the yearly step; with
    disulfiram beside it also at its shorter step (C 1 row 46). Months are calendar months: the 31st becomes
    the last day of a shorter one.
    """
    first = (policy.lab_due_first_months, policy.lab_due_second_months, policy.lab_due_third_months)
    months = {0, *first, policy.lab_due_fourth_months}
    last = policy.lab_due_fourth_months
    span = (until.year - started_on.year) * 12 + until.month - started_on.month + 1
    while last <= span:
        last += policy.lab_due_later_months
        months.add(last)
    if on_disulfiram:
        months |= set(range(0, span + 1, policy.lab_due_disulfiram_months))
    days = sorted(add_months(started_on, each) for each in months)
    return [day for day in days if day <= until]


@dataclass(frozen=True, slots=True)
class LabDue:
    """Liver tests that have not been taken. ``overdue``: the first of them is missing for longer than the grace."""

    due_on: date
    overdue: bool


def lab_due(
    *, started_on: date, taken: Collection[date], today: date, on_disulfiram: bool = False, policy: Policy
) -> LabDue | None:
    """Return the liver tests that are due by now or within the notice, None when all were taken.

    A test counts for every planned day up to the notice before it was taken; one before the start counts for
    the baseline while it is young enough. Of several planned days that passed, only the latest is asked for:
    blood that was not drawn in March is not drawn in March any more.
    """
    notice = timedelta(days=policy.lab_due_notice_days)
    planned = planned_days(started_on, until=today + notice, on_disulfiram=on_disulfiram, policy=policy)
    valid_from = started_on - timedelta(days=policy.lab_baseline_valid_days)
    last = max((day for day in taken if valid_from <= day <= today), default=None)
    open_days = [day for day in planned if last is None or day > max(last + notice, started_on)]
    if not open_days:
        return None
    passed = [day for day in open_days if day <= today]
    overdue = today > open_days[0] + timedelta(days=policy.lab_overdue_after_days)
    return LabDue(due_on=passed[-1] if passed else open_days[0], overdue=overdue)


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, the last day where a month is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
