"""The medicines and the regimens that a program can choose from (C 3.1, 3.6), as data.

A regimen that a patient has is a row of its own (``schedule.Regimen``); an
entry here is what the picker offers and where its numbers come from. What is
marked PD waits for a pharmacist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from recovery.rules.states import Indication, MedicineClass

CATALOGUE_VERSION = 1


class Medicine(StrEnum):
    """A medicine with its form, since form decides schedule and gates."""

    NALTREXONE_TABLET = "naltrexone_tablet"
    NALTREXONE_INJECTION = "naltrexone_injection"
    NALTREXONE_IMPLANT = "naltrexone_implant"
    BUPRENORPHINE_SUBLINGUAL = "buprenorphine_sublingual"
    SUBLOCADE = "sublocade"
    BRIXADI_WEEKLY = "brixadi_weekly"
    BRIXADI_MONTHLY = "brixadi_monthly"
    METHADONE = "methadone"
    ACAMPROSATE = "acamprosate"
    DISULFIRAM = "disulfiram"
    OTHER = "other"


class Cadence(StrEnum):
    """How the days of a regimen follow each other."""

    DAILY = "daily"
    EVERY_N_DAYS = "every_n_days"
    WEEKDAYS = "weekdays"
    INTERVAL = "interval"
    """Counted from the last one given, on visits; no dose slots."""
    TARGETED = "targeted"
    """When the person decides; no slots, no adherence."""
    IMPLANT = "implant"
    OBSERVED_DAILY = "observed_daily"
    """Given at the clinic each day; slots without reminders."""


class RestartRule(StrEnum):
    """What a gap asks for before the medicine is given again."""

    OPIOID_FREE_CHECK = "opioid_free_check"
    CALL_CLINICIAN = "call_clinician"
    CONTINUE = "continue"
    ALCOHOL_FREE_CHECK = "alcohol_free_check"


@dataclass(frozen=True, slots=True)
class MedicineFacts:
    """What is true of a medicine whatever the regimen."""

    medicine: Medicine
    medicine_class: MedicineClass
    dose_limit_mg: float
    """Above this an entry is a slip of the keys; not a dosing limit (PD)."""


@dataclass(frozen=True, slots=True)
class Step:
    """Days of a regimen with one dose. Day 1 is the first day; ``to_day`` None is open."""

    from_day: int
    to_day: int | None
    dose_mg: float
    coverage_hours: float


@dataclass(frozen=True, slots=True)
class WeekdayDose:
    """The dose of one weekday (0 = Monday)."""

    weekday: int
    dose_mg: float
    coverage_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """When the next one of an interval medicine may, should and must be given, in days after the last.

    ``earliest_second`` is the earliest of the second when it differs from the later ones.
    """

    earliest: int
    planned: int
    flag_after: int
    cover_days: int
    earliest_second: int | None = None
    planned_second: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEntry:
    """One line of the regimen picker."""

    key: str
    medicine: Medicine
    cadence: Cadence
    indications: frozenset[Indication]
    source: str
    restart_rule: RestartRule
    steps: tuple[Step, ...] = ()
    weekday_doses: tuple[WeekdayDose, ...] = ()
    every_days: int | None = None
    times_a_day: int = 1
    interval: Interval | None = None
    observed: bool = False
    reminders: bool = True
    off_by_default: bool = False
    note: str = ""
    version: int = CATALOGUE_VERSION


_OPIOID = frozenset({Indication.OPIOID, Indication.BOTH})
_ALCOHOL = frozenset({Indication.ALCOHOL, Indication.BOTH})
_ANY = frozenset(Indication)

MEDICINES: Mapping[Medicine, MedicineFacts] = MappingProxyType(
    {
        facts.medicine: facts
        for facts in (
            MedicineFacts(Medicine.NALTREXONE_TABLET, MedicineClass.ANTAGONIST, 200),
            MedicineFacts(Medicine.NALTREXONE_INJECTION, MedicineClass.ANTAGONIST, 400),
            MedicineFacts(Medicine.NALTREXONE_IMPLANT, MedicineClass.ANTAGONIST, 4000),
            MedicineFacts(Medicine.BUPRENORPHINE_SUBLINGUAL, MedicineClass.AGONIST, 48),
            MedicineFacts(Medicine.SUBLOCADE, MedicineClass.AGONIST, 300),
            MedicineFacts(Medicine.BRIXADI_WEEKLY, MedicineClass.AGONIST, 32),
            MedicineFacts(Medicine.BRIXADI_MONTHLY, MedicineClass.AGONIST, 128),
            MedicineFacts(Medicine.METHADONE, MedicineClass.AGONIST, 400),
            MedicineFacts(Medicine.ACAMPROSATE, MedicineClass.OTHER, 1000),
            MedicineFacts(Medicine.DISULFIRAM, MedicineClass.OTHER, 500),
            MedicineFacts(Medicine.OTHER, MedicineClass.OTHER, 4000),
        )
    }
)

ORAL_OPIOID_NOTE = "Tablets are not recommended for opioid use disorder except in limited circumstances (ASAM)."
LONG_INTERVAL_NOTE = (
    "Single doses above 50 mg carry more liver risk, and the block weakens towards the end of the interval."
)

_TABLET_RULE = RestartRule.OPIOID_FREE_CHECK

CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType(
    {
        entry.key: entry
        for entry in (
            CatalogueEntry(
                key="oral_start",
                medicine=Medicine.NALTREXONE_TABLET,
                cadence=Cadence.DAILY,
                indications=_ANY,
                steps=(Step(1, 1, 25, 24), Step(2, None, 50, 24)),
                restart_rule=_TABLET_RULE,
                source="PI-O; 24 h for 25 mg is PD",
                note=ORAL_OPIOID_NOTE,
            ),
            CatalogueEntry(
                key="oral_daily",
                medicine=Medicine.NALTREXONE_TABLET,
                cadence=Cadence.DAILY,
                indications=_ANY,
                steps=(Step(1, None, 50, 24),),
                restart_rule=_TABLET_RULE,
                source="PI-O",
                note=ORAL_OPIOID_NOTE,
            ),
            CatalogueEntry(
                key="oral_wk_sat",
                medicine=Medicine.NALTREXONE_TABLET,
                cadence=Cadence.WEEKDAYS,
                indications=_ANY,
                weekday_doses=(*(WeekdayDose(day, 50, 24) for day in range(5)), WeekdayDose(5, 100, 48)),
                restart_rule=_TABLET_RULE,
                source="PI-O",
                note=LONG_INTERVAL_NOTE,
            ),
            CatalogueEntry(
                key="oral_mwf",
                medicine=Medicine.NALTREXONE_TABLET,
                cadence=Cadence.WEEKDAYS,
                indications=_ANY,
                weekday_doses=(WeekdayDose(0, 100, 48), WeekdayDose(2, 100, 48), WeekdayDose(4, 150, 72)),
                restart_rule=_TABLET_RULE,
                observed=True,
                source="ASAM and TIP tradition (PD)",
                note=LONG_INTERVAL_NOTE,
            ),
            CatalogueEntry(
                key="oral_q2d",
                medicine=Medicine.NALTREXONE_TABLET,
                cadence=Cadence.EVERY_N_DAYS,
                every_days=2,
                indications=_ANY,
                steps=(Step(1, None, 100, 48),),
                restart_rule=_TABLET_RULE,
                source="PI-O",
                note=LONG_INTERVAL_NOTE,
            ),
            CatalogueEntry(
                key="oral_q3d",
                medicine=Medicine.NALTREXONE_TABLET,
                cadence=Cadence.EVERY_N_DAYS,
                every_days=3,
                indications=_ANY,
                steps=(Step(1, None, 150, 72),),
                restart_rule=_TABLET_RULE,
                source="PI-O",
                note=LONG_INTERVAL_NOTE,
            ),
            CatalogueEntry(
                key="xr_im_28d",
                medicine=Medicine.NALTREXONE_INJECTION,
                cadence=Cadence.INTERVAL,
                indications=_ANY,
                steps=(Step(1, None, 380, 28 * 24),),
                interval=Interval(earliest=21, planned=28, flag_after=28, cover_days=28),
                restart_rule=RestartRule.OPIOID_FREE_CHECK,
                observed=True,
                source="PI-V; earliest 21 days is PD",
            ),
            CatalogueEntry(
                key="targeted_prn",
                medicine=Medicine.NALTREXONE_TABLET,
                cadence=Cadence.TARGETED,
                indications=_ALCOHOL,
                steps=(Step(1, None, 50, 24),),
                restart_rule=RestartRule.OPIOID_FREE_CHECK,
                reminders=False,
                off_by_default=True,
                source="C 1 row 17; off-label",
            ),
            CatalogueEntry(
                key="implant",
                medicine=Medicine.NALTREXONE_IMPLANT,
                cadence=Cadence.IMPLANT,
                indications=_ANY,
                restart_rule=RestartRule.OPIOID_FREE_CHECK,
                observed=True,
                reminders=False,
                off_by_default=True,
                source="C 3.1: not approved; the program sets the days",
            ),
            CatalogueEntry(
                key="observed_daily",
                medicine=Medicine.OTHER,
                cadence=Cadence.OBSERVED_DAILY,
                indications=_ANY,
                steps=(Step(1, None, 1, 24),),
                restart_rule=RestartRule.CALL_CLINICIAN,
                observed=True,
                reminders=False,
                source="C 3.6: the clinic's log is the truth",
            ),
            CatalogueEntry(
                key="buprenorphine_daily",
                medicine=Medicine.BUPRENORPHINE_SUBLINGUAL,
                cadence=Cadence.DAILY,
                indications=_OPIOID,
                steps=(Step(1, None, 16, 24),),
                restart_rule=RestartRule.CALL_CLINICIAN,
                source="C 3.6 (recalled)",
            ),
            CatalogueEntry(
                key="sublocade",
                medicine=Medicine.SUBLOCADE,
                cadence=Cadence.INTERVAL,
                indications=_OPIOID,
                steps=(Step(1, None, 300, 28 * 24),),
                interval=Interval(
                    earliest=26,
                    planned=28,
                    flag_after=42,
                    cover_days=28,
                    earliest_second=7,
                    planned_second=28,
                ),
                restart_rule=RestartRule.CALL_CLINICIAN,
                observed=True,
                source="LBL26",
            ),
            CatalogueEntry(
                key="brixadi_weekly",
                medicine=Medicine.BRIXADI_WEEKLY,
                cadence=Cadence.INTERVAL,
                indications=_OPIOID,
                steps=(Step(1, None, 24, 7 * 24),),
                interval=Interval(earliest=5, planned=7, flag_after=9, cover_days=7),
                restart_rule=RestartRule.CALL_CLINICIAN,
                observed=True,
                source="LBL26",
            ),
            CatalogueEntry(
                key="brixadi_monthly",
                medicine=Medicine.BRIXADI_MONTHLY,
                cadence=Cadence.INTERVAL,
                indications=_OPIOID,
                steps=(Step(1, None, 96, 28 * 24),),
                interval=Interval(earliest=21, planned=28, flag_after=35, cover_days=28),
                restart_rule=RestartRule.CALL_CLINICIAN,
                observed=True,
                source="LBL26",
            ),
            CatalogueEntry(
                key="methadone_observed",
                medicine=Medicine.METHADONE,
                cadence=Cadence.OBSERVED_DAILY,
                indications=_OPIOID,
                steps=(Step(1, None, 60, 24),),
                restart_rule=RestartRule.CALL_CLINICIAN,
                observed=True,
                reminders=False,
                source="C 3.6: dispensed doses only",
            ),
            CatalogueEntry(
                key="acamprosate",
                medicine=Medicine.ACAMPROSATE,
                cadence=Cadence.DAILY,
                indications=_ALCOHOL,
                steps=(Step(1, None, 666, 8),),
                times_a_day=3,
                restart_rule=RestartRule.CONTINUE,
                source="C 3.6",
            ),
            CatalogueEntry(
                key="disulfiram",
                medicine=Medicine.DISULFIRAM,
                cadence=Cadence.DAILY,
                indications=_ALCOHOL,
                steps=(Step(1, None, 250, 24),),
                restart_rule=RestartRule.ALCOHOL_FREE_CHECK,
                source="C 3.6 (recalled)",
            ),
        )
    }
)


GIVEN_AT_VISITS = tuple(
    medicine
    for medicine in Medicine
    if medicine is Medicine.NALTREXONE_IMPLANT
    or any(entry.medicine is medicine and entry.cadence is Cadence.INTERVAL for entry in CATALOGUE.values())
)
"""What is given by staff and counts from its day: injections, and the implant."""


def class_of(medicine: Medicine) -> MedicineClass:
    """Return the class that decides which gates exist (S 1)."""
    return MEDICINES[medicine].medicine_class


def entries_for(indication: Indication, *, with_off_by_default: bool = False) -> list[CatalogueEntry]:
    """Return the entries that a program may offer for ``indication``, in the order of the catalogue."""
    return [
        entry
        for entry in CATALOGUE.values()
        if indication in entry.indications and (with_off_by_default or not entry.off_by_default)
    ]
