"""What was measured and planned for one patient, for the staff's page and for the patient. Needs an open scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from backend.crypto import Key
from backend.rules.wall_time import local_date, local_midnight
from backend.selectors.people import staff_names
from recovery.models import Challenge, LabResult, Patient, Procedure, ReversalAgent, Treatment, UrineScreen
from recovery.rules.gates import ANTAGONISTS, Analyte, hold_before_procedure
from recovery.rules.labs import LIVER, LabAnalyte, LabDue, lab_due
from recovery.rules.medicines import Medicine
from recovery.rules.policy import Policy
from recovery.rules.procedures import ProcedureStatus
from recovery.rules.screens import AnalyteResult, ReadAs, ScreenFacts, expected_positives, still_open
from recovery.selectors.holds import medicines_of
from recovery.selectors.policy import policy_for
from recovery.selectors.worklist import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class LabView:
    """One value. ``times`` is the multiple of its laboratory's upper limit, None without one."""

    entry_id: int
    analyte: LabAnalyte
    value: Decimal
    unit: str
    upper_limit: Decimal | None
    times: float | None
    is_baseline: bool
    taken_on: date
    reviewed_by: str
    reviewed_at: datetime | None
    voided: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenView:
    """One urine screen. ``reading`` is '' until a prescriber read it."""

    entry_id: int
    taken_on: date
    panel: str
    method: str
    stage: str
    results: dict[Analyte, AnalyteResult]
    reading: str
    read_by: str
    voided: bool
    note: str

    @property
    def has_positive(self) -> bool:
        return AnalyteResult.POSITIVE in self.results.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureView:
    """One procedure. ``would_hold`` says from when ASAM would have each medicine stopped: information only (S 4)."""

    entry_id: int
    kind: str
    planned_on: date
    opioid_expected: str
    status: str
    hold_from: date | None
    hold_begun: bool
    source: str
    would_hold: list[tuple[Medicine, date]]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsPage:
    """Everything on the page of tests. ``open_analytes`` had a positive last and no negative since (S 10)."""

    __test__ = False  # no test class, for pytest

    labs: list[LabView]
    due: LabDue | None
    screens: list[ScreenView]
    open_analytes: list[Analyte]
    challenges: list[Any]
    procedures: list[ProcedureView]
    reversal: list[Any]


def tests_page(*, patient: Patient, treatment: Treatment | None, key: Key | None, today: date) -> TestsPage:
    """Gather the page of a patient whom ``selectors.access`` has let through."""
    policy = policy_for(patient.program_id)
    takes = medicines_of([patient.pk], on_day=today).get(patient.pk, [])
    names = staff_names(program_ids=[patient.program_id])
    labs = _labs(patient, key, names)
    screens = _screens(patient, key, names)
    counted = [
        ScreenFacts(each.taken_on, each.results, ReadAs(each.reading) if each.reading else None)
        for each in screens
        if not each.voided
    ]
    said = ReversalAgent.objects.filter(patient_id=patient.pk, voided_at__isnull=True)
    return TestsPage(
        labs=labs,
        due=_due(labs, treatment, takes, today, policy),
        screens=screens,
        open_analytes=sorted(still_open(counted, expected=expected_positives(takes))),
        challenges=list(Challenge.objects.filter(patient_id=patient.pk).order_by("-done_on", "-pk")[:20]),
        procedures=procedures_of(patient=patient, key=key, takes=takes, policy=policy),
        reversal=[(row, opened(row, key, "note")) for row in said.order_by("-on_day", "-pk")[:12]],
    )


def _labs(patient: Patient, key: Key | None, names: dict[int, str]) -> list[LabView]:
    rows = LabResult.objects.filter(patient_id=patient.pk).order_by("-taken_on", "analyte", "-pk")[:60]
    return [
        LabView(
            entry_id=row.pk,
            analyte=LabAnalyte(row.analyte),
            value=row.value,
            unit=row.unit,
            upper_limit=row.upper_limit,
            times=None if row.upper_limit is None else round(float(row.value / row.upper_limit), 2),
            is_baseline=row.is_baseline,
            taken_on=row.taken_on,
            reviewed_by=names.get(row.reviewed_by_id or 0, ""),
            reviewed_at=row.reviewed_at,
            voided=row.voided_at is not None,
            note=opened(row, key, "note"),
        )
        for row in rows
    ]


def _screens(patient: Patient, key: Key | None, names: dict[int, str]) -> list[ScreenView]:
    rows = UrineScreen.objects.filter(patient_id=patient.pk).order_by("-taken_on", "-pk")[:30]
    return [
        ScreenView(
            entry_id=row.pk,
            taken_on=row.taken_on,
            panel=row.panel,
            method=row.method,
            stage=row.stage,
            results={Analyte(analyte): AnalyteResult(result) for analyte, result in row.results.items()},
            reading=row.reading,
            read_by=names.get(row.read_by_id or 0, ""),
            voided=row.voided_at is not None,
            note=opened(row, key, "note"),
        )
        for row in rows
    ]


def _due(
    labs: Iterable[LabView], treatment: Treatment | None, takes: list[Medicine], today: date, policy: Policy
) -> LabDue | None:
    watched = {*ANTAGONISTS, Medicine.DISULFIRAM}
    if treatment is None or not (set(takes) & watched or treatment.cover_from is not None):
        return None
    return lab_due(
        started_on=treatment.started_on,
        taken=[lab.taken_on for lab in labs if lab.analyte in LIVER and not lab.voided],
        today=today,
        on_disulfiram=Medicine.DISULFIRAM in takes,
        policy=policy,
    )


def procedures_of(
    *, patient: Patient, key: Key | None, takes: list[Medicine], policy: Policy, only_planned: bool = False
) -> list[ProcedureView]:
    """Procedures, the next one first."""
    rows = Procedure.objects.filter(patient_id=patient.pk, voided_at__isnull=True).order_by("-planned_on", "-pk")[:20]
    views = []
    for row in rows:
        if only_planned and row.status != ProcedureStatus.PLANNED.value:
            continue
        at = local_midnight(row.planned_on, patient.zone)
        stops = [(each, hold_before_procedure(medicine=each, procedure_at=at, policy=policy)) for each in takes]
        views.append(
            ProcedureView(
                entry_id=row.pk,
                kind=row.kind,
                planned_on=row.planned_on,
                opioid_expected=row.opioid_expected,
                status=row.status,
                hold_from=row.hold_from,
                hold_begun=row.hold_begun_at is not None,
                source=row.source,
                would_hold=[(each, local_date(stop, patient.zone)) for each, stop in stops if stop is not None],
                note=opened(row, key, "note"),
            )
        )
    return views


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTests:
    """What a patient sees of their own tests: what is to come, never a result."""

    lab_due_on: date | None
    procedures: list[ProcedureView]
    reversal: ReversalAgent | None


def own_tests(*, patient: Patient, treatment: Treatment | None, key: Key | None, today: date) -> OwnTests:
    """The next liver tests, planned procedures, and the last word about a reversal agent."""
    policy = policy_for(patient.program_id)
    takes = medicines_of([patient.pk], on_day=today).get(patient.pk, [])
    due = _due(_labs(patient, None, {}), treatment, takes, today, policy)
    return OwnTests(
        lab_due_on=None if due is None else due.due_on,
        procedures=procedures_of(patient=patient, key=key, takes=[], policy=policy, only_planned=True),
        reversal=ReversalAgent.objects.filter(patient_id=patient.pk, voided_at__isnull=True)
        .order_by("-on_day", "-pk")
        .first(),
    )
