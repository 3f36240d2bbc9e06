"""Day 2 of a tablet start (S 8): the question how the first tablet was, and a call when nobody answers it.

The step to the full dose opens by itself. A symptom or an opioid that was stated has opened a gate already
(``services.statements``), and that is what stops the prompt: nothing here stops one.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from backend.db import programs
from recovery.rules.gates import ANTAGONISTS, SymptomAnswer, second_day
from recovery.rules.states import Indication, OpioidHistory
from recovery.rules.tasks import TaskKind
from recovery.services import sql
from recovery.services.tasks import NewTask, make_tasks

_LATE = timedelta(hours=12)

# The dose of the day after the first of a start in steps, whose time has come and which nobody reported; and what
# was said of the first tablet since its window opened.
_DUE = """
SELECT d.program_id, d.patient_id, d.id, d.due_at, p.indication, p.opioid_history,
  EXISTS (SELECT 1 FROM recovery_statedfact f WHERE f.program_id = d.program_id AND f.patient_id = d.patient_id
    AND f.kind = 'well_after_dose' AND f.received_at >= first.opens_at),
  EXISTS (SELECT 1 FROM recovery_statedfact f WHERE f.program_id = d.program_id AND f.patient_id = d.patient_id
    AND f.kind = 'sick_after_dose' AND f.received_at >= first.opens_at),
  EXISTS (SELECT 1 FROM recovery_hold h WHERE h.program_id = d.program_id AND h.patient_id = d.patient_id
    AND h.stops = 'antagonist' AND h.lifted_at IS NULL)
FROM recovery_dose d
JOIN recovery_regimen r ON r.id = d.regimen_id AND r.medicine = ANY (%(medicines)s::text[])
  AND jsonb_array_length(COALESCE(r.plan -> 'steps', '[]'::jsonb)) > 1 AND d.dosing_day = r.starts_on + 1
  AND r.starts_on >= %(recent)s
JOIN recovery_patient p ON p.id = d.patient_id AND p.status = 'active'
CROSS JOIN LATERAL (
  SELECT x.opens_at FROM recovery_dose x WHERE x.regimen_id = r.id AND x.dosing_day = r.starts_on
    AND x.state <> 'cancelled' ORDER BY x.ordinal LIMIT 1
) first
WHERE d.state = 'scheduled' AND d.due_at <= %(now)s AND d.due_at > %(since)s AND d.ordinal = 1
  AND NOT EXISTS (SELECT 1 FROM recovery_task t WHERE t.program_id = d.program_id AND t.patient_id = d.patient_id
    AND t.kind = %(kind)s AND (t.facts ->> 'dose')::bigint = d.id)
ORDER BY d.due_at LIMIT %(limit)s
"""


def ask_on_the_second_day(*, program_ids: Iterable[int], now: datetime, limit: int = 500) -> int:
    """Make the call task of every start whose question stands unanswered at dose time; returns how many.

    The prompt goes all the same. Alcohol alone is asked nothing. Safe to run twice, late, or in several places.
    """
    ids = list(program_ids)
    if not ids:
        return 0
    with programs(ids):
        parameters = {
            "medicines": [medicine.value for medicine in ANTAGONISTS],
            "now": now,
            "since": now - _LATE,
            "recent": (now - _LATE).date() - timedelta(days=3),
            "kind": TaskKind.SECOND_DAY_CALL.value,
            "limit": limit,
        }
        wanted = []
        for program_id, patient_id, dose_id, due_at, indication, history, well, sick, held in sql.rows(
            _DUE, parameters
        ):
            symptoms = SymptomAnswer.WITHDRAWAL if sick else SymptomAnswer.NONE if well else SymptomAnswer.UNANSWERED
            day = second_day(
                indication=Indication(indication),
                opioid_history=OpioidHistory(history),
                symptoms=symptoms,
                opioid_stated=held,
            )
            # Under a hold the call about it is the call.
            if day.call_task and day.prompt_goes:
                wanted.append(
                    NewTask(
                        program_id=program_id,
                        patient_id=patient_id,
                        kind=TaskKind.SECOND_DAY_CALL,
                        due_at=due_at + timedelta(hours=2),
                        facts={"dose": dose_id},
                    )
                )
        return len(make_tasks(tasks=wanted, now=now))
