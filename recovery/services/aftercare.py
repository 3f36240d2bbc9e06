"""Stopping as a plan (N10), deciding together (N9), and the weeks after cover ended (C 3.5, contract 2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from backend.access import NOBODY, Actor
from backend.errors import Conflict, NotFound
from backend.rules import wall_time
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import AfterCare, Patient, PlannedStop
from recovery.rules.aftercare import AfterCareCause, AfterCareEnd, DecisionReason, StopReason, next_contact, window
from recovery.rules.policy import Policy
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.records import open_treatment
from recovery.services.recorded import BadRecord, only_prescribers
from recovery.services.tasks import NewTask, end_tasks, make_tasks

_FARTHEST = timedelta(days=730)


@transaction.atomic
def plan_stop(
    *,
    actor: Actor,
    patient: Patient,
    planned_for: date,
    reason: str,
    counselled: bool,
    now: datetime,
    note: str = "",
) -> PlannedStop:
    """A prescriber and the patient agree on a day of stopping; it stops nothing by itself.

    ``counselled``: the overdose talk was held (C 2 rows 1 and 8). The weeks of after-care begin when cover ended.
    Raises NotAllowed, BadRecord naming the field, Conflict without an open treatment or when a stop is planned.
    """
    only_prescribers(actor, patient.program_id)
    if reason not in set(StopReason):
        raise BadRecord("There is no such choice.", field="reason")
    today = wall_time.local_date(now, patient.zone)
    if not today <= planned_for <= today + _FARTHEST:
        raise BadRecord("Choose a day from today on, at most two years ahead.", field="planned_for")
    treatment = open_treatment(patient)
    if treatment is None:
        raise Conflict("There is no open treatment.")
    if PlannedStop.objects.filter(treatment_id=treatment.pk, cancelled_at__isnull=True).exists():
        raise Conflict("A stop is planned already.")
    row = PlannedStop(
        program_id=patient.program_id,
        patient_id=patient.pk,
        treatment=treatment,
        planned_for=planned_for,
        reason=reason,
        counselled_at=now if counselled else None,
        decided_by_id=only_prescribers(actor, patient.program_id),
        decided_at=now,
    )
    if note.strip():
        row.seal(data_key(program_id=patient.program_id, patient_id=patient.pk), note=note.strip())
    row.save()
    audit.record_row(actor, "planned_stop.made", row)
    end_tasks(
        actor=actor,
        patient_ids=[patient.pk],
        kinds=[TaskKind.SHARED_DECISION, TaskKind.REVIEW_TREATMENT],
        now=now,
        outcome="planned_stop",
    )
    return row


@transaction.atomic
def cancel_stop(*, actor: Actor, patient: Patient, stop_id: int, now: datetime) -> PlannedStop:
    """The treatment goes on after all. Raises NotAllowed, NotFound, Conflict when it was taken back before."""
    only_prescribers(actor, patient.program_id)
    row = PlannedStop.objects.select_for_update(no_key=True).filter(pk=stop_id, patient_id=patient.pk).first()
    if row is None:
        raise NotFound
    if row.cancelled_at is not None:
        raise Conflict("This was taken back already.")
    row.cancelled_at = now
    row.save(update_fields=["cancelled_at"])
    audit.record_row(actor, "planned_stop.cancelled", row)
    return row


@transaction.atomic
def hold_stop_talk(*, actor: Actor, patient: Patient, stop_id: int, now: datetime) -> PlannedStop:
    """The overdose talk of a planned stop was held. Raises NotFound; a second time changes nothing."""
    row = PlannedStop.objects.select_for_update(no_key=True).filter(pk=stop_id, patient_id=patient.pk).first()
    if row is None:
        raise NotFound
    if row.counselled_at is None:
        row.counselled_at = now
        row.save(update_fields=["counselled_at"])
        audit.record_row(actor, "planned_stop.counselled", row)
    return row


def ask_to_decide(
    *,
    actor: Actor = NOBODY,
    asking: Sequence[tuple[int, int, DecisionReason, int | None]],
    now: datetime,
) -> int:
    """Make shared-decision tasks: ``(program, patient, reason, flag)`` each; once per flag. Returns how many (N9).

    It is work, not an alarm. Part of the caller's transaction.
    """
    made = make_tasks(
        actor=actor,
        tasks=[
            NewTask(
                program_id=program_id,
                patient_id=patient_id,
                kind=TaskKind.SHARED_DECISION,
                facts={"reason": reason.value},
                flag_id=flag_id,
                once="" if flag_id is None else f"flag:{flag_id}",
            )
            for program_id, patient_id, reason, flag_id in asking
        ],
        now=now,
    )
    return len(made)


@transaction.atomic
def end_after_care(*, actor: Actor, patient: Patient, now: datetime) -> AfterCare:
    """Staff end the weeks of after-care early. Raises NotFound when none runs."""
    row = AfterCare.objects.select_for_update(no_key=True).filter(patient_id=patient.pk, ended_at__isnull=True).first()
    if row is None:
        raise NotFound
    end(row, AfterCareEnd.BY_STAFF, actor=actor, now=now)
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverEnded:
    """Somebody whose cover ended and who is not in after-care for it yet."""

    program_id: int
    patient_id: int
    treatment_id: int
    cause: AfterCareCause
    cover_ended_on: date
    today: date


def begin(found: Sequence[CoverEnded], *, policies: dict[int, Policy], now: datetime) -> list[AfterCare]:
    """Begin the weeks of after-care; those whose days are over already are passed. Part of a tick's transaction."""
    rows = []
    for each in found:
        policy = policies[each.program_id]
        days = window(each.cover_ended_on, policy=policy)
        if not each.cover_ended_on <= each.today <= days.until:
            continue
        rows.append(
            AfterCare(
                program_id=each.program_id,
                patient_id=each.patient_id,
                treatment_id=each.treatment_id,
                cause=each.cause.value,
                cover_ended_on=each.cover_ended_on,
                until=days.until,
                # Weeks that passed before anybody knew are not made up for.
                next_contact_on=_next(each.cover_ended_on, each.today - timedelta(days=1), policy),
                opened_at=now,
            )
        )
    before = set(AfterCare.objects.filter(patient_id__in=[row.patient_id for row in rows]).values_list("pk", flat=True))
    AfterCare.objects.bulk_create(rows, ignore_conflicts=True)
    new = list(AfterCare.objects.filter(patient_id__in=[row.patient_id for row in rows]).exclude(pk__in=before))
    for row in new:
        audit.record_row(NOBODY, "after_care.begun", row)
    return new


def ask_for_contact(row: AfterCare, *, today: date, policy: Policy, now: datetime) -> None:
    """The day of a contact has come: a task for the coordinator, and the day of the next. Part of a tick."""
    make_tasks(
        tasks=[
            NewTask(
                program_id=row.program_id,
                patient_id=row.patient_id,
                kind=TaskKind.AFTER_CARE_CONTACT,
                facts={
                    "cover_ended_on": row.cover_ended_on.isoformat(),
                    "until": row.until.isoformat(),
                    "week": row.contacts_asked + 1,
                },
            )
        ],
        now=now,
    )
    row.contacts_asked += 1
    row.next_contact_on = _next(row.cover_ended_on, today, policy)
    row.save(update_fields=["contacts_asked", "next_contact_on"])


def end(row: AfterCare, why: AfterCareEnd, *, now: datetime, actor: Actor = NOBODY) -> None:
    """End the weeks of after-care; a contact that still waits goes with cover that came back."""
    row.ended_at, row.end, row.next_contact_on = now, why.value, None
    row.save(update_fields=["ended_at", "end", "next_contact_on"])
    audit.record_row(actor, "after_care.ended", row)
    if why is not AfterCareEnd.OVER:
        end_tasks(
            actor=actor,
            patient_ids=[row.patient_id],
            kinds=[TaskKind.AFTER_CARE_CONTACT],
            now=now,
            outcome=REASON_ENDED,
        )


def _next(cover_ended_on: date, after: date, policy: Policy) -> date | None:
    return next_contact(cover_ended_on, after=after, policy=policy)
