"""A dose taken late on a day without one of its own, and the next one soon after: a nurse looks (S W5 b)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.access import Actor
from recovery.rules.tasks import TaskKind
from recovery.services import sql
from recovery.services.tasks import NewTask, make_tasks


@dataclass(frozen=True, slots=True)
class TakenLate:
    """A dose that was taken on a later dosing day than its own."""

    dose_id: int
    taken_at: datetime


_NEXT = """
SELECT d.program_id, d.patient_id, u.taken_at, n.due_at, n.opens_at
FROM unnest(%(doses)s::bigint[], %(taken_at)s::timestamptz[]) AS u (dose_id, taken_at)
JOIN recovery_dose d ON d.id = u.dose_id
CROSS JOIN LATERAL (
  SELECT x.due_at, x.opens_at FROM recovery_dose x
  WHERE x.treatment_id = d.treatment_id AND x.dosing_day > d.dosing_day AND x.state <> 'cancelled'
  ORDER BY x.dosing_day, x.ordinal LIMIT 1
) n
WHERE n.due_at > u.taken_at AND n.due_at < u.taken_at + make_interval(hours => d.coverage_hours)
"""


def look(*, actor: Actor, taken: Sequence[TakenLate], now: datetime) -> None:
    """Make a nurse's task before the next window where the next dose comes while this one still covers.

    The prompt of the next dose goes on. A dose that belongs to a later day's slot is no such case: on a day with
    a slot of its own the next one is that slot, and its time lies before the one that was taken.
    """
    if not taken:
        return
    found = sql.rows(_NEXT, {"doses": [t.dose_id for t in taken], "taken_at": [t.taken_at for t in taken]})
    make_tasks(
        actor=actor,
        tasks=[
            NewTask(
                program_id=program_id,
                patient_id=patient_id,
                kind=TaskKind.DOSES_CLOSE_TOGETHER,
                due_at=max(opens_at, now),
                facts={
                    "taken_at": taken_at.isoformat(),
                    "next_due_at": due_at.isoformat(),
                    "hours": round((due_at - taken_at).total_seconds() / 3600, 1),
                },
            )
            for program_id, patient_id, taken_at, due_at, opens_at in found
            if due_at > now
        ],
        now=now,
    )
