"""What was said about an overdose reversal agent at home (N3, S 18)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from backend.access import Actor
from backend.rules import wall_time
from recovery.models import Patient, ReversalAgent
from recovery.rules.reversal import HasIt, ReversalReason
from recovery.rules.states import Indication, OpioidHistory, ReportSource, counts_as_opioid
from recovery.rules.tasks import TaskKind
from recovery.services.recorded import BadRecord, store
from recovery.services.tasks import NewTask, end_tasks, make_tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReversal:
    """One talk about it, or a patient's own answer. ``trained``: somebody close knows how; None: not asked.

    ``who`` names that person; it is sealed.
    """

    client_id: UUID
    has_it: str
    offered: bool = False
    expires_on: date | None = None
    trained: bool | None = None
    source: str = ReportSource.STAFF.value
    who: str = ""


@transaction.atomic
def record_reversal(
    *, actor: Actor, patient: Patient, answer: NewReversal, now: datetime
) -> tuple[ReversalAgent, bool]:
    """Record what was said; returns it and whether it is new. Safe to repeat. The task that asked is done.

    A patient's own "no" is work at once, where opioids count: one is offered (N3, S 18). Raises
    BadRecord naming the field, IdReused.
    """
    if answer.has_it not in set(HasIt):
        raise BadRecord("There is no such choice.", field="has_it")
    today = wall_time.local_date(now, patient.zone)
    if answer.expires_on is not None:
        if answer.has_it != HasIt.YES.value:
            raise BadRecord("Only one that is there expires.", field="expires_on")
        if not 2000 <= answer.expires_on.year <= today.year + 20:
            raise BadRecord("This day cannot be.", field="expires_on")
    row = ReversalAgent(
        program_id=patient.program_id,
        patient_id=patient.pk,
        client_id=answer.client_id,
        source=answer.source,
        on_day=today,
        offered=answer.offered,
        has_it=answer.has_it,
        expires_on=answer.expires_on,
        trained=answer.trained,
        recorded_by_id=actor.user_id,
        recorded_at=now,
    )
    same = ("source", "offered", "has_it", "expires_on", "trained")
    [(stored, is_new)] = store(actor=actor, rows=[row], notes=[answer.who], same=same)
    if is_new and (answer.source == ReportSource.STAFF.value or answer.has_it == HasIt.YES.value):
        end_tasks(actor=actor, patient_ids=[patient.pk], kinds=[TaskKind.REVERSAL_AGENT], now=now)
    elif is_new and answer.has_it == HasIt.NO.value and _counts(patient):
        offer = NewTask(
            program_id=patient.program_id,
            patient_id=patient.pk,
            kind=TaskKind.REVERSAL_AGENT,
            facts={"reason": ReversalReason.NOT_AT_HAND.value},
        )
        make_tasks(actor=actor, tasks=[offer], now=now)
    return stored, is_new


def _counts(patient: Patient) -> bool:
    return counts_as_opioid(Indication(patient.indication), OpioidHistory(patient.opioid_history))
