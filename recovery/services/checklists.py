"""Start and restart checklists: opened as work for the prescriber, filled, signed, run out (S 4, S 13).

A checklist is no hold: it stops no prompt, refuses no record, and signing one lifts no hold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from backend.access import NOBODY, Actor
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules import wall_time
from backend.rules.roles import CLINICAL_ROLES
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import Checklist, ChecklistAnswer, Patient
from recovery.rules.checklists import (
    ITEM,
    ChecklistCause,
    ChecklistKind,
    ChecklistStatus,
    check_answer,
    order_expires_on,
    readiness,
)
from recovery.rules.medicines import Medicine
from recovery.rules.tasks import REASON_ENDED, TaskKind
from recovery.selectors.checklists import answered, items_of
from recovery.selectors.holds import medicines_of
from recovery.selectors.policy import policy_for
from recovery.selectors.records import open_treatment
from recovery.services import sql
from recovery.services.recorded import only_prescribers
from recovery.services.tasks import NewTask, end_tasks, make_tasks

TASK_OF = {
    ChecklistKind.START: TaskKind.START_CHECKLIST,
    ChecklistKind.RESTART: TaskKind.RESTART_CHECKLIST,
}


class BadAnswer(DomainError):
    """An answer that its item does not take; ``field`` names the item."""

    code = "bad-answer"


class Incomplete(DomainError):
    """Signing is refused: ``missing`` items have no answer, ``to_explain`` need a reason to be signed over."""

    code = "checklist-incomplete"
    status = 422

    def __init__(self, missing: Sequence[str], to_explain: Sequence[str]) -> None:
        names = [f"no answer: {ITEM[code].question}" for code in missing]
        names += [f"needs a reason: {ITEM[code].question}" for code in to_explain]
        super().__init__(f"This cannot be signed yet. {'; '.join(names)}.", field=(*missing, *to_explain)[0])
        self.missing, self.to_explain = tuple(missing), tuple(to_explain)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChecklist:
    """A checklist to open. ``facts`` go on its task: ``dsl`` where days since the injection asked for it."""

    program_id: int
    patient_id: int
    treatment_id: int
    kind: ChecklistKind
    cause: ChecklistCause
    medicine: Medicine
    facts: dict[str, Any]


_OPEN = """
INSERT INTO recovery_checklist (program_id, patient_id, treatment_id, kind, cause, medicine, status, opened_at,
  policy_version)
SELECT u.program_id, u.patient_id, u.treatment_id, u.kind, u.cause, u.medicine, 'open', %(now)s, ''
FROM unnest(%(program)s::bigint[], %(patient)s::bigint[], %(treatment)s::bigint[], %(kind)s::text[], %(cause)s::text[],
  %(medicine)s::text[]) AS u (program_id, patient_id, treatment_id, kind, cause, medicine)
ORDER BY u.patient_id, u.kind
ON CONFLICT (patient_id, kind) WHERE status IN ('open', 'signed') DO NOTHING
RETURNING id, program_id, patient_id, kind
"""


def open_checklists(*, actor: Actor = NOBODY, checklists: Sequence[NewChecklist], now: datetime) -> int:
    """Open checklists, one live one per patient and kind, each with its task for the prescriber; returns how many.

    Part of the caller's transaction. Safe to repeat.
    """
    if not checklists:
        return 0
    made = sql.rows(
        _OPEN,
        {
            "program": [each.program_id for each in checklists],
            "patient": [each.patient_id for each in checklists],
            "treatment": [each.treatment_id for each in checklists],
            "kind": [each.kind.value for each in checklists],
            "cause": [each.cause.value for each in checklists],
            "medicine": [each.medicine.value for each in checklists],
            "now": now,
        },
    )
    wanted = {(each.patient_id, each.kind.value): each for each in checklists}
    tasks = []
    by_program: dict[int, list[tuple[int | None, str, int | None]]] = {}
    for pk, program_id, patient_id, kind in made:
        by_program.setdefault(program_id, []).append((patient_id, "checklist", pk))
        each = wanted[patient_id, kind]
        facts = {**each.facts, "cause": each.cause.value}
        tasks.append(NewTask(program_id=program_id, patient_id=patient_id, kind=TASK_OF[each.kind], facts=facts))
    for program_id, objects in by_program.items():
        audit.record_many(actor=actor, action="checklist.opened", program_id=program_id, objects=objects)
    make_tasks(actor=actor, tasks=tasks, now=now)
    return len(made)


@transaction.atomic
def open_checklist(
    *,
    actor: Actor,
    patient: Patient,
    kind: ChecklistKind,
    cause: ChecklistCause,
    now: datetime,
    medicine: Medicine | None = None,
) -> Checklist:
    """Open a checklist for one patient, or find the one that is live. ``medicine`` None: what is taken, or tablets.

    Raises Conflict without an open treatment.
    """
    treatment = open_treatment(patient)
    if treatment is None:
        raise Conflict("There is no open treatment.")
    if medicine is None:
        takes = medicines_of([patient.pk], on_day=wall_time.local_date(now, patient.zone)).get(patient.pk, [])
        medicine = takes[0] if takes else Medicine.NALTREXONE_TABLET
    new = NewChecklist(
        program_id=patient.program_id,
        patient_id=patient.pk,
        treatment_id=treatment.pk,
        kind=kind,
        cause=cause,
        medicine=medicine,
        facts={},
    )
    open_checklists(actor=actor, checklists=[new], now=now)
    return Checklist.objects.get(patient_id=patient.pk, kind=kind.value, status__in=_LIVE)


_LIVE = [ChecklistStatus.OPEN.value, ChecklistStatus.SIGNED.value]


@transaction.atomic
def answer_items(
    *, actor: Actor, patient: Patient, checklist_id: int, answers: dict[str, tuple[str, str]], now: datetime
) -> list[ChecklistAnswer]:
    """Store answers ``{item: (value, reason)}``; who, when, and earlier answers stay on record.

    An answer that stands already is not written again. Nurses may fill what a prescriber signs. Raises
    BadAnswer naming the item, NotFound, Conflict unless it is open, NotAllowed for who is not clinical.
    """
    if actor.user_id is None or not actor.roles.get(patient.program_id, frozenset()) & CLINICAL_ROLES:
        raise NotAllowed("Only clinical staff can fill this.")
    row = _locked(patient, checklist_id)
    _refuse_unless(row, ChecklistStatus.OPEN)
    known = {item.code: item for item in items_of(row, patient)}
    today = wall_time.local_date(now, patient.zone)
    key = data_key(program_id=patient.program_id, patient_id=patient.pk)
    standing = answered(row, key=key)
    written = []
    for code, (value, reason) in answers.items():
        if code not in known:
            raise BadAnswer("This checklist does not ask this.", field=code)
        try:
            check_answer(known[code], value, today=today)
        except ValueError as error:
            raise BadAnswer(str(error), field=code) from error
        before = standing.get(code)
        if before is not None and before.value == value and before.reason == reason.strip():
            continue
        answer = ChecklistAnswer(
            program_id=row.program_id,
            patient_id=row.patient_id,
            checklist=row,
            item=code,
            value=value,
            by_id=actor.user_id,
            at=now,
        )
        if reason.strip():
            answer.seal(key, reason=reason.strip())
        answer.save()
        written.append(answer)
    if written:
        audit.record(
            actor=actor,
            action="checklist.answered",
            program_id=row.program_id,
            patient_id=row.patient_id,
            object_kind="checklist",
            object_id=row.pk,
            fields=sorted(each.item for each in written),
        )
    return written


@transaction.atomic
def choose_medicine(*, actor: Actor, patient: Patient, checklist_id: int, medicine: str, now: datetime) -> Checklist:
    """Say for which medicine the checklist is: an injection asks more than a tablet. Answers are kept.

    Raises BadAnswer, NotFound, NotAllowed, Conflict unless it is open.
    """
    if actor.user_id is None or not actor.roles.get(patient.program_id, frozenset()) & CLINICAL_ROLES:
        raise NotAllowed("Only clinical staff can fill this.")
    if medicine not in set(Medicine):
        raise BadAnswer("There is no such medicine.", field="medicine")
    row = _locked(patient, checklist_id)
    _refuse_unless(row, ChecklistStatus.OPEN)
    if row.medicine != medicine:
        row.medicine = medicine
        row.save(update_fields=["medicine"])
        audit.record_row(actor, "checklist.changed", row)
    return row


@transaction.atomic
def sign_checklist(*, actor: Actor, patient: Patient, checklist_id: int, now: datetime) -> Checklist:
    """A prescriber signs: from now until its last day it is an order, and its task is done.

    Raises NotAllowed for anybody else, Incomplete naming each item that is missing or speaks against it without
    a reason, NotFound, Conflict unless it is open.
    """
    only_prescribers(actor, patient.program_id)
    row = _locked(patient, checklist_id)
    _refuse_unless(row, ChecklistStatus.OPEN)
    key = data_key(program_id=patient.program_id, patient_id=patient.pk)
    ready = readiness(items_of(row, patient), {code: each.as_rule() for code, each in answered(row, key=key).items()})
    if not ready.can_be_signed:
        raise Incomplete(ready.missing, ready.to_explain)
    policy = policy_for(patient.program_id)
    row.status = ChecklistStatus.SIGNED.value
    row.signed_by_id, row.signed_at, row.policy_version = actor.user_id, now, policy.version
    row.expires_on = order_expires_on(wall_time.local_date(now, patient.zone), policy=policy)
    row.save(update_fields=["status", "signed_by", "signed_at", "policy_version", "expires_on"])
    audit.record_row(actor, "checklist.signed", row)
    end_tasks(
        actor=actor, patient_ids=[patient.pk], kinds=[TASK_OF[ChecklistKind(row.kind)]], now=now, outcome="signed"
    )
    return row


@transaction.atomic
def cancel_checklist(*, actor: Actor, patient: Patient, checklist_id: int, now: datetime) -> Checklist:
    """A prescriber takes a checklist off the list: it is not needed, or its signature no longer holds.

    Raises NotAllowed, NotFound, Conflict when it ended before.
    """
    only_prescribers(actor, patient.program_id)
    row = _locked(patient, checklist_id)
    _refuse_unless(row, ChecklistStatus.OPEN, ChecklistStatus.SIGNED)
    _end(row, ChecklistStatus.CANCELLED, now)
    audit.record_row(actor, "checklist.cancelled", row)
    kinds = [TASK_OF[ChecklistKind(row.kind)]]
    end_tasks(actor=actor, patient_ids=[patient.pk], kinds=kinds, now=now, outcome=REASON_ENDED)
    return row


def end_for(row: Checklist, status: ChecklistStatus, *, now: datetime) -> None:
    """A tick found that a checklist was used, overtaken or has run out. Part of its transaction."""
    _end(row, status, now)
    audit.record_row(NOBODY, f"checklist.{status.value}", row)
    if status is ChecklistStatus.OVERTAKEN:
        kinds = [TASK_OF[ChecklistKind(row.kind)]]
        end_tasks(patient_ids=[row.patient_id], kinds=kinds, now=now, outcome=REASON_ENDED)


def _end(row: Checklist, status: ChecklistStatus, now: datetime) -> None:
    row.status, row.ended_at = status.value, now
    row.save(update_fields=["status", "ended_at"])


def _locked(patient: Patient, checklist_id: int) -> Checklist:
    row = Checklist.objects.select_for_update(no_key=True).filter(pk=checklist_id, patient_id=patient.pk).first()
    if row is None:
        raise NotFound
    return row


def _refuse_unless(row: Checklist, *statuses: ChecklistStatus) -> None:
    if row.status not in {status.value for status in statuses}:
        raise Conflict("This checklist has moved on. Read it again.")


def still_good(row: Checklist, *, today: date) -> bool:
    """Whether a signature may be acted on today."""
    signed = row.status == ChecklistStatus.SIGNED.value
    return signed and row.expires_on is not None and today <= row.expires_on
