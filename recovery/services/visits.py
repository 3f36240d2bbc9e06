"""Visits: booked, moved, cancelled, kept, not kept, or kept without anything given; and the medicine they need.

Why a visit did not lead to an injection is a reason from a list, and none of them blames the patient (N5).
A text that was planned for a day that moved loses its reason by itself (``reminders``).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from backend.access import Actor
from backend.errors import Conflict, DomainError, NotFound
from backend.rules import wall_time
from backend.services import audit
from recovery.models import Appointment, Patient, Treatment
from recovery.rules import cover as cover_rules
from recovery.rules.policy import Policy
from recovery.rules.records import (
    AppointmentKind,
    AppointmentStatus,
    CancelReason,
    NotGivenReason,
    NotKeptReason,
    Supply,
)
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import policy_for
from recovery.services.tasks import NewTask, end_tasks, make_tasks

OPEN = [AppointmentStatus.PLANNED.value, AppointmentStatus.BOOKED.value]
FURTHEST_DAYS = 400


class BadVisit(DomainError):
    code = "bad-visit"


class VisitOver(Conflict):
    """The visit has ended; what came of it stays."""

    code = "visit-over"


@dataclass(frozen=True, slots=True)
class Booked:
    """A visit that was booked or moved. ``warnings``: early, late, closed_day; they refuse nothing."""

    visit: Appointment
    warnings: list[str]


@transaction.atomic
def book_visit(
    *,
    actor: Actor,
    patient: Patient,
    kind: str,
    due_on: date,
    now: datetime,
    starts_at: datetime | None = None,
    remind: bool = True,
) -> Booked:
    """Book a visit for a day, to the minute when ``starts_at`` is given.

    There is one next injection visit: booking it gives the planned one its time. Raises BadVisit naming the
    field, Conflict without an open treatment.
    """
    if kind not in set(AppointmentKind):
        raise BadVisit("There is no such kind of visit.", field="kind")
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    treatment = Treatment.objects.filter(patient_id=patient.pk, ended_on__isnull=True).first()
    if treatment is None:
        raise Conflict("Open a treatment first.")
    _check_day(patient, due_on, starts_at, now)
    row = None
    if kind == AppointmentKind.INJECTION.value:
        row = Appointment.objects.filter(patient_id=patient.pk, kind=kind, status__in=OPEN).first()
    if row is None:
        row = Appointment(
            program_id=patient.program_id,
            patient_id=patient.pk,
            treatment=treatment,
            kind=kind,
            after_injection_id=treatment.cover_injection_id if kind == AppointmentKind.INJECTION.value else None,
            created_at=now,
        )
    row.remind = remind
    return _set_day(actor, patient, row, due_on, starts_at, "visit.booked", now)


@transaction.atomic
def move_visit(
    *, actor: Actor, visit_id: int, patient: Patient, due_on: date, now: datetime, starts_at: datetime | None = None
) -> Booked:
    """Give a visit another day or time. Raises NotFound, VisitOver, BadVisit naming the field."""
    row = _locked(visit_id, patient)
    _check_day(patient, due_on, starts_at, now)
    return _set_day(actor, patient, row, due_on, starts_at, "visit.moved", now)


@transaction.atomic
def cancel_visit(*, actor: Actor, visit_id: int, patient: Patient, reason: str, now: datetime) -> Appointment:
    """Take a visit off the calendar. Raises NotFound, VisitOver, BadVisit."""
    return _end(actor, visit_id, patient, AppointmentStatus.CANCELLED, _of(CancelReason, reason), now)


@transaction.atomic
def visit_not_kept(*, actor: Actor, visit_id: int, patient: Patient, reason: str, now: datetime) -> Appointment:
    """Record that a visit did not take place, and why. Raises NotFound, VisitOver, BadVisit."""
    return _end(actor, visit_id, patient, AppointmentStatus.NOT_KEPT, _of(NotKeptReason, reason), now)


@transaction.atomic
def visit_kept(*, actor: Actor, visit_id: int, patient: Patient, now: datetime) -> Appointment:
    """Record that a visit took place. A visit for an injection is kept by recording the injection.

    Raises NotFound, VisitOver, BadVisit.
    """
    row = _locked(visit_id, patient)
    if row.kind == AppointmentKind.INJECTION.value:
        raise BadVisit("Record the injection, or why it was not given.", field="visit")
    return _end(actor, visit_id, patient, AppointmentStatus.KEPT, "", now)


@transaction.atomic
def injection_not_given(*, actor: Actor, visit_id: int, patient: Patient, reason: str, now: datetime) -> Appointment:
    """Record that nothing was given at a visit for an injection, and why (N5).

    The patient did not miss anything: the concern that follows the days names this reason. Somebody is asked to
    find the next visit. Raises NotFound, VisitOver, BadVisit.
    """
    row = _locked(visit_id, patient)
    if row.kind != AppointmentKind.INJECTION.value:
        raise BadVisit("This visit is not for an injection.", field="visit")
    return _end(actor, visit_id, patient, AppointmentStatus.NOT_GIVEN, _of(NotGivenReason, reason), now)


@transaction.atomic
def confirm_visit(*, actor: Actor, visit_id: int, patient: Patient, now: datetime) -> Appointment:
    """The patient says that the day suits. Safe to repeat. Raises NotFound, VisitOver."""
    row = _locked(visit_id, patient)
    if row.confirmed_at is None:
        row.confirmed_at, row.another_time_at = now, None
        row.save(update_fields=["confirmed_at", "another_time_at"])
        audit.record_row(actor, "visit.confirmed", row, kind="appointment")
        end_tasks(
            actor=actor,
            patient_ids=[patient.pk],
            kinds=[TaskKind.ANOTHER_TIME],
            outcome=REASON_ENDED,
            now=now,
        )
    return row


@transaction.atomic
def ask_for_another_time(*, actor: Actor, visit_id: int, patient: Patient, now: datetime) -> Appointment:
    """The patient asks for another time: the visit stands until somebody has found one with them. Safe to repeat.

    Raises NotFound, VisitOver.
    """
    row = _locked(visit_id, patient)
    if row.another_time_at is None:
        row.another_time_at, row.confirmed_at = now, None
        row.save(update_fields=["another_time_at", "confirmed_at"])
        audit.record_row(actor, "visit.another_time", row, kind="appointment")
    _ask(actor, row, TaskKind.ANOTHER_TIME, now)
    return row


@transaction.atomic
def set_supply(
    *, actor: Actor, visit_id: int, patient: Patient, supply: str, on_day: date, now: datetime
) -> Appointment:
    """Record where the medicine of a visit is since ``on_day`` (N6). It may also go back: an approval can lapse.

    Raises NotFound, VisitOver, BadVisit naming the field.
    """
    if supply not in set(Supply):
        raise BadVisit("There is no such state.", field="supply")
    row = _locked(visit_id, patient)
    if row.kind != AppointmentKind.INJECTION.value:
        raise BadVisit("This visit needs no medicine.", field="visit")
    if on_day > wall_time.local_date(now, patient.program.zone):
        raise BadVisit("This day is still to come.", field="on_day")
    row.supply, row.supply_on = supply, on_day
    row.save(update_fields=["supply", "supply_on"])
    audit.record_row(actor, "visit.supply_set", row, kind="appointment")
    if supply == Supply.ON_SITE.value:
        end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.SUPPLY_NOT_ON_SITE], now=now)
    return row


def warnings_of(*, patient: Patient, kind: str, due_on: date, cover_from: date | None, policy: Policy) -> list[str]:
    """What to tell who books this day: early or late for cover (C 3.3), or a day on which the clinic is closed."""
    found = []
    if kind == AppointmentKind.INJECTION.value and cover_from is not None:
        window = cover_rules.visit_window(cover_from, policy=policy)
        if due_on < cover_from + timedelta(days=policy.early_injection_below_dsl):
            found.append("early")
        elif due_on > window.latest:
            found.append("late")
    clinic = clinics([patient.program_id])[patient.program_id]
    if clinic.open_hours and clinic.of(due_on) is None:
        found.append("closed_day")
    return found


def _check_day(patient: Patient, due_on: date, starts_at: datetime | None, now: datetime) -> None:
    today = wall_time.local_date(now, patient.zone)
    if due_on < today:
        raise BadVisit("This day has passed.", field="due_on")
    if due_on > today + timedelta(days=FURTHEST_DAYS):
        raise BadVisit(f"A visit is at most {FURTHEST_DAYS} days ahead.", field="due_on")
    if starts_at is None:
        return
    if starts_at.tzinfo is None:
        raise BadVisit("A time needs its zone.", field="starts_at")
    if wall_time.local_date(starts_at, patient.zone) != due_on:
        raise BadVisit("The time lies on another day.", field="starts_at")


def _set_day(
    actor: Actor,
    patient: Patient,
    row: Appointment,
    due_on: date,
    starts_at: datetime | None,
    action: str,
    now: datetime,
) -> Booked:
    treatment = row.treatment
    naltrexone = treatment.cover_from if treatment.cover_injection_id else None
    told = warnings_of(
        patient=patient,
        kind=row.kind,
        due_on=due_on,
        cover_from=naltrexone,
        policy=policy_for(patient.program_id),
    )
    row.due_on, row.starts_at, row.status = due_on, starts_at, AppointmentStatus.BOOKED.value
    row.confirmed_at = row.another_time_at = None
    row.save()
    audit.record_row(actor, action, row, kind="appointment")
    kinds = [TaskKind.ANOTHER_TIME] + ([TaskKind.FIND_VISIT] if row.kind == AppointmentKind.INJECTION.value else [])
    end_tasks(actor=actor, patient_ids=[patient.pk], kinds=kinds, now=now)
    return Booked(row, told)


def _end(
    actor: Actor, visit_id: int, patient: Patient, status: AppointmentStatus, reason: str, now: datetime
) -> Appointment:
    row = _locked(visit_id, patient)
    early = status in (AppointmentStatus.NOT_KEPT, AppointmentStatus.KEPT, AppointmentStatus.NOT_GIVEN)
    if early and row.due_on > wall_time.local_date(now, patient.zone):
        raise BadVisit("This visit is still to come. Move or cancel it.", field="visit")
    row.status, row.reason, row.ended_at = status.value, reason, now
    row.save(update_fields=["status", "reason", "ended_at"])
    audit.record_row(actor, f"visit.{status.value}", row, kind="appointment")
    end_tasks(
        actor=actor,
        patient_ids=[patient.pk],
        kinds=[TaskKind.ANOTHER_TIME, TaskKind.SUPPLY_NOT_ON_SITE],
        outcome=REASON_ENDED,
        now=now,
    )
    if row.kind == AppointmentKind.INJECTION.value and reason != CancelReason.NOT_NEEDED.value:
        _ask(actor, row, TaskKind.FIND_VISIT, now)
    return row


def _of(reasons: type[CancelReason] | type[NotKeptReason] | type[NotGivenReason], reason: str) -> str:
    if reason not in set(reasons) - {CancelReason.VOIDED, CancelReason.TREATMENT_CLOSED}:
        raise BadVisit("Choose a reason from the list.", field="reason")
    return reason


def _locked(visit_id: int, patient: Patient) -> Appointment:
    row = (
        Appointment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("treatment")
        .filter(pk=visit_id, patient_id=patient.pk)
        .first()
    )
    if row is None:
        raise NotFound
    if row.status not in OPEN:
        raise VisitOver("This visit has ended. Book another one.")
    return row


def _ask(actor: Actor, row: Appointment, kind: TaskKind, now: datetime) -> None:
    make_tasks(
        actor=actor,
        tasks=[
            NewTask(
                program_id=row.program_id,
                patient_id=row.patient_id,
                kind=kind,
                facts={"visit_id": row.pk, "due_on": row.due_on.isoformat(), "reason": row.reason},
            )
        ],
        now=now,
    )
