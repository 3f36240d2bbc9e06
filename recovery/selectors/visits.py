"""Visits of a patient, the medicine they need, what was given, and what is at hand. Needs an open scope."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from backend.crypto import Key
from backend.selectors.people import staff_names
from recovery.models import Appointment, ClosingNotice, Injection, OralBridge, Patient, TabletCount, Treatment
from recovery.rules.cover import VisitWindow, visit_window
from recovery.rules.records import AppointmentKind, AppointmentStatus
from recovery.rules.supply import supply_due_on, supply_is_late
from recovery.selectors.policy import policy_for
from recovery.selectors.supply import TabletsAtHand, tablets_of
from recovery.selectors.worklist import opened

OPEN = [AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """One visit. ``supply_due_on``: by when its medicine is to be here; None for a visit that needs none."""

    visit_id: int
    kind: str
    due_on: date
    starts_at: datetime | None
    status: str
    reason: str
    remind: bool
    confirmed_at: datetime | None
    another_time_at: datetime | None
    supply: str
    supply_on: date | None
    supply_due_on: date | None
    supply_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRow:
    """One injection as recorded. ``counts``: it moves dates."""

    injection_id: int
    given_on: date
    medicine: str
    dose_mg: Decimal
    site: str
    lot: str
    source: str
    counts: bool
    given_elsewhere: bool
    partly_given: bool
    voided_at: datetime | None
    voided_by: str
    void_reason: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """Tablets picked up or counted."""

    kind: str
    medicine: str
    on_day: date
    tablets: int
    tablet_mg: Decimal
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeRow:
    """Tablets ordered until a late injection. ``ended_at`` None: they run."""

    bridge_id: int
    regimen_id: int
    starts_on: date
    last_day: date | None
    agreed_on: date
    ordered_by: str
    ended_at: datetime | None
    end_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsPage:
    """What the page of visits shows. ``window``: the days to offer for the next injection."""

    coming: list[VisitRow]
    past: list[VisitRow]
    given: list[GivenRow]
    at_hand: list[TabletsAtHand]
    counts: list[CountRow]
    bridges: list[BridgeRow]
    window: VisitWindow | None


def visits_page(*, patient: Patient, key: Key | None, today: date, now: datetime) -> VisitsPage:
    """Gather the page; whoever shows it writes the read into the audit."""
    names = staff_names(program_ids=[patient.program_id])
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    rows = visit_rows(patient=patient, today=today)
    return VisitsPage(
        coming=[row for row in rows if row.status in OPEN],
        past=[row for row in reversed(rows) if row.status not in OPEN][:12],
        given=[
            GivenRow(
                injection_id=row.pk,
                given_on=row.given_on,
                medicine=row.medicine,
                dose_mg=row.dose_mg,
                site=row.site,
                lot=row.lot,
                source=row.source,
                counts=row.verified,
                given_elsewhere=row.given_elsewhere,
                partly_given=row.partly_given,
                voided_at=row.voided_at,
                voided_by=names.get(row.voided_by_id or 0, ""),
                void_reason=row.void_reason,
                note=opened(row, key, "note"),
            )
            for row in Injection.objects.filter(patient_id=patient.pk).order_by("-given_on", "-pk")[:24]
        ],
        at_hand=tablets_of(patient=patient, now=now),
        counts=[
            CountRow(
                kind=row.kind,
                medicine=row.medicine,
                on_day=row.on_day,
                tablets=row.tablets,
                tablet_mg=row.tablet_mg,
                source=row.source,
            )
            for row in TabletCount.objects.filter(patient_id=patient.pk).order_by("-on_day", "-pk")[:8]
        ],
        bridges=[
            BridgeRow(
                bridge_id=row.pk,
                regimen_id=row.regimen_id,
                starts_on=row.regimen.starts_on,
                last_day=row.regimen.last_day,
                agreed_on=row.agreed_on,
                ordered_by=names.get(row.ordered_by_id, ""),
                ended_at=row.regimen.ends_at,
                end_reason=row.regimen.ends_reason,
            )
            for row in OralBridge.objects.filter(patient_id=patient.pk).select_related("regimen").order_by("-pk")[:6]
        ],
        window=(
            visit_window(treatment.cover_from, policy=policy_for(patient.program_id))
            if treatment is not None and treatment.cover_from is not None
            else None
        ),
    )


def visit_rows(*, patient: Patient, today: date) -> list[VisitRow]:
    """The last forty visits, oldest first."""
    policy = policy_for(patient.program_id)
    rows = (
        Appointment.objects.filter(patient_id=patient.pk)
        .select_related("after_injection")
        .order_by("-due_on", "-pk")[:40]
    )
    found = []
    for row in reversed(list(rows)):
        needs = row.kind == AppointmentKind.INJECTION.value
        last = row.after_injection.given_on if row.after_injection is not None else None
        due_by = supply_due_on(due_on=row.due_on, last_given_on=last, policy=policy) if needs else None
        found.append(
            VisitRow(
                visit_id=row.pk,
                kind=row.kind,
                due_on=row.due_on,
                starts_at=row.starts_at,
                status=row.status,
                reason=row.reason,
                remind=row.remind,
                confirmed_at=row.confirmed_at,
                another_time_at=row.another_time_at,
                supply=row.supply,
                supply_on=row.supply_on,
                supply_due_on=due_by,
                supply_late=(
                    due_by is not None and row.status in OPEN and supply_is_late(row.supply, due_by=due_by, today=today)
                ),
            )
        )
    return found


def own_visits(*, patient: Patient) -> list[Appointment]:
    """The visits to come of a patient, for the patient: nothing that says what they are for."""
    return list(Appointment.objects.filter(patient_id=patient.pk, status__in=OPEN).order_by("due_on", "pk"))


def closings_to_see(program_ids: list[int]) -> list[ClosingNotice]:
    """Closed days that somebody of these programs should hear of, soonest first."""
    return list(
        ClosingNotice.objects.filter(program_id__in=program_ids, seen_at__isnull=True)
        .select_related("program")
        .order_by("closed_on", "pk")
    )
