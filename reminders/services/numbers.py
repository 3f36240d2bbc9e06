"""Numbers that texts do not reach. Keyed like opt-outs: a patient's new number is another one, and works at once."""

from datetime import datetime

from django.db import connection

from backend.access import NOBODY
from backend.services import audit
from recovery.rules.tasks import TaskKind
from recovery.selectors import reminding
from recovery.services.tasks import NewTask, end_tasks, make_tasks
from reminders.models import BadNumber

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
    """A text came from the number, or reached it: it works. Tells whether it was marked."""
    ended = BadNumber.objects.filter(program_id=program_id, phone_index=phone_index, ended_at__isnull=True).update(
        ended_at=now
    )
    if ended:
        holders = [one.patient_id for one in reminding.phone_holders([phone_index]) if one.program_id == program_id]
        end_tasks(patient_ids=holders, kinds=[TaskKind.FIX_NUMBER], now=now, outcome="reason_ended")
    return bool(ended)
