"""Writing down what a person wants of prompts: days without any, and how the check-in is announced."""

from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.errors import DomainError, IdReused, NotFound
from backend.rules.wall_time import local_date
from backend.services import audit
from recovery.models import CheckInWish, Patient, PromptPause
from recovery.rules.prompts import CheckInBy, is_check_in_time, longest_pause_ends
from recovery.rules.states import ReportSource
from recovery.selectors.policy import policy_for


class BadPause(DomainError):
    code = "bad-pause"


class BadWish(DomainError):
    code = "bad-wish"


@transaction.atomic
def pause_prompts(
    *,
    actor: Actor,
    patient: Patient,
    client_id: UUID,
    first_day: date,
    last_day: date,
    source: ReportSource,
    now: datetime,
) -> tuple[PromptPause, bool]:
    """Let prompts rest on these local days, both included; a pause that stands already ends now.

    Returns the pause and whether it is new. Safe to repeat by ``client_id``. Raises BadPause for days in the past,
    out of order or too many, IdReused for other days under the same id.
    """
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    stored = PromptPause.objects.filter(patient_id=patient.pk, client_id=client_id).first()
    if stored is not None:
        if (stored.first_day, stored.last_day) != (first_day, last_day):
            raise IdReused("This id was used before with other days.", field="client_id")
        return stored, False
    if last_day < first_day:
        raise BadPause("The last day comes after the first.", field="last_day")
    if last_day < local_date(now, patient.zone):
        raise BadPause("These days are over.", field="last_day")
    policy = policy_for(patient.program_id)
    if last_day > longest_pause_ends(first_day, policy=policy):
        raise BadPause(f"At most {policy.pause_most_days} days at a time.", field="last_day")
    PromptPause.objects.filter(patient_id=patient.pk, ended_at__isnull=True).update(
        ended_at=now, ended_by_id=actor.user_id
    )
    row = PromptPause.objects.create(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=client_id,
        first_day=first_day,
        last_day=last_day,
        source=source.value,
        made_at=now,
        made_by_id=actor.user_id,
    )
    _note(actor, "prompts.paused", row, "prompt_pause")
    return row, True


@transaction.atomic
def resume_prompts(*, actor: Actor, patient: Patient, client_id: UUID, now: datetime) -> PromptPause:
    """End a pause now: prompts go on. A second time changes nothing. Raises NotFound."""
    row = PromptPause.objects.select_for_update(no_key=True).filter(patient_id=patient.pk, client_id=client_id).first()
    if row is None:
        raise NotFound
    if row.ended_at is None:
        row.ended_at, row.ended_by_id = now, actor.user_id
        row.save(update_fields=["ended_at", "ended_by"])
        _note(actor, "prompts.resumed", row, "prompt_pause")
    return row


@transaction.atomic
def wish_check_in(
    *, actor: Actor, patient: Patient, how: str, at: time, source: ReportSource, now: datetime
) -> CheckInWish:
    """Store how the check-in is announced. What stood before stays in the history. Raises BadWish naming the field."""
    if how not in set(CheckInBy):
        raise BadWish("There is no such choice.", field="check_in")
    if not is_check_in_time(at):
        raise BadWish("Choose a time from 08:00 to 20:30.", field="check_in_at")
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=patient.pk)
    row = CheckInWish.objects.filter(patient_id=patient.pk).first()
    row = row or CheckInWish(program_id=patient.program_id, patient_id=patient.pk)
    if (row.how, row.at) == (how, at):
        return row
    row.how, row.at, row.source = how, at, source.value
    row.changed_at, row.changed_by_id = now, actor.user_id
    row.save()
    _note(actor, "check_in.chosen", row, "check_in_wish")
    return row


def _note(actor: Actor, action: str, row: PromptPause | CheckInWish, kind: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        program_id=row.program_id,
        patient_id=row.patient_id,
        object_kind=kind,
        object_id=row.pk,
    )
