"""Numbers that texts do not reach, and numbers that are somebody else's.

Keyed like opt-outs: a patient's new number is another one, and works at once. A number that does not work is opened
again by any text from it. One of which somebody wrote that it is the wrong one is opened again by a person alone,
who has asked the patient (N21): numbers are recycled, and whoever wrote may be a stranger.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from backend.access import NOBODY, Actor
from backend.errors import Conflict
from backend.services import audit
from recovery.rules.tasks import TaskKind
from recovery.selectors import reminding
from recovery.services.tasks import NewTask, end_tasks, make_tasks
from reminders.models import BadNumber, Message, OptOut
from reminders.rules.stops import WRONG_PERSON

_WRITE = """
INSERT INTO reminders_badnumber (program_id, phone_index, code, since) VALUES (%s, %s, %s, %s)
ON CONFLICT (program_id, phone_index) WHERE ended_at IS NULL DO NOTHING
RETURNING id
"""


def mark_bad(*, program_id: int, phone_index: bytes, code: str, now: datetime) -> bool:
    """Write that a number does not work and ask the coordinator for another; tells whether that is new.

    What is still planned for it ends as ``suppressed: bad_address`` when its time comes. Needs an open scope.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [program_id, phone_index, code[:20], now])
        made = cursor.fetchone()
    if made is None:
        return False
    holders = [one for one in reminding.phone_holders([phone_index]) if one.program_id == program_id]
    for one in holders:
        audit.record(
            actor=NOBODY,
            action="number.marked_bad",
            program_id=program_id,
            patient_id=one.patient_id,
            object_kind="bad_number",
            object_id=made[0],
        )
    make_tasks(
        tasks=[
            NewTask(
                program_id=program_id, patient_id=one.patient_id, kind=TaskKind.FIX_NUMBER, facts={"code": code[:20]}
            )
            for one in holders
        ],
        now=now,
    )
    return True


def works_again(*, program_id: int, phone_index: bytes, now: datetime) -> bool:
    """A text came from the number, or reached it: it works. Tells whether it was marked; whose it is stays open."""
    ended = (
        BadNumber.objects.filter(program_id=program_id, phone_index=phone_index, ended_at__isnull=True)
        .exclude(code=WRONG_PERSON)
        .update(ended_at=now)
    )
    if ended:
        holders = [one.patient_id for one in reminding.phone_holders([phone_index]) if one.program_id == program_id]
        end_tasks(patient_ids=holders, kinds=[TaskKind.FIX_NUMBER], now=now, outcome="reason_ended")
    return bool(ended)


_DOUBT = """
INSERT INTO reminders_badnumber (program_id, phone_index, code, since) VALUES (%s, %s, %s, %s)
ON CONFLICT (program_id, phone_index) WHERE ended_at IS NULL DO UPDATE SET code = EXCLUDED.code, since = EXCLUDED.since
WHERE reminders_badnumber.code <> EXCLUDED.code
RETURNING id
"""


def doubt(*, program_id: int, phone_index: bytes, now: datetime) -> bool:
    """Somebody wrote that the number is not the patient's: send nothing there until a person has asked (N21).

    Tells whether that is new. A question that waits on the number is closed, so that a stranger's "1" answers
    nothing. Each patient with the number gets a task. Needs an open scope.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DOUBT, [program_id, phone_index, WRONG_PERSON, now])
        made = cursor.fetchone()
    holders = [one.patient_id for one in reminding.phone_holders([phone_index]) if one.program_id == program_id]
    Message.objects.filter(patient_id__in=holders, question_open=True).update(question_open=False)
    if made is None:
        return False
    for patient_id in holders:
        audit.record(
            actor=NOBODY,
            action="number.doubted",
            program_id=program_id,
            patient_id=patient_id,
            object_kind="bad_number",
            object_id=made[0],
        )
    make_tasks(
        tasks=[
            NewTask(program_id=program_id, patient_id=patient_id, kind=TaskKind.CHECK_NUMBER) for patient_id in holders
        ],
        now=now,
    )
    return True


def is_doubted(*, program_id: int, phone_index: bytes) -> bool:
    """Whether somebody wrote that this number is the wrong one, and nobody has checked it since."""
    return BadNumber.objects.filter(
        program_id=program_id, phone_index=phone_index, code=WRONG_PERSON, ended_at__isnull=True
    ).exists()


@transaction.atomic
def verify(*, actor: Actor, patient: Any, now: datetime) -> None:
    """Staff asked the patient, and the number is theirs: texts may go there again. Audited.

    What the patient themselves stopped stays stopped. Raises Conflict when nobody doubted the number.
    """
    program_id, patient_id, phone_index = patient.program_id, patient.pk, patient.phone_index
    ended = BadNumber.objects.filter(
        program_id=program_id, phone_index=phone_index, code=WRONG_PERSON, ended_at__isnull=True
    ).update(ended_at=now)
    if not ended:
        raise Conflict("Nobody doubts this number.")
    OptOut.objects.filter(
        program_id=program_id, phone_index=phone_index, source=WRONG_PERSON, ended_at__isnull=True
    ).update(ended_at=now)
    end_tasks(actor=actor, patient_ids=[patient_id], kinds=[TaskKind.CHECK_NUMBER], now=now)
    audit.record(
        actor=actor,
        action="number.verified",
        program_id=program_id,
        patient_id=patient_id,
        object_kind="patient",
        object_id=patient_id,
    )
