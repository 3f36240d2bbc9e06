"""Work for a named role: made once while it is open, ended with what came of it (contract 5)."""

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from backend.access import NOBODY, Actor
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules.roles import PRESCRIBER_ROLES
from backend.selectors.keys import data_key
from backend.services import audit
from recovery.models import Task
from recovery.rules.flags import respond_by
from recovery.rules.records import TaskStatus
from recovery.rules.tasks import DONE_ELSEWHERE, REASON_ENDED, TASK_RULES, TaskKind, may_end
from recovery.selectors.clinic import clinics
from recovery.selectors.policy import policies_for
from recovery.services import sql
from recovery.services.flags import NewOutreach, record_outreach


class UnknownTaskOutcome(DomainError):
    code = "unknown-outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """Work to be done about one patient. ``due_at`` None: as soon as its kind says, in clinic hours.

    ``facts`` are plain JSON codes, numbers and ISO days; never what a person wrote. ``once`` names the occasion:
    when a task of this kind was ended for it, none is made again (a tick asks every hour).
    """

    program_id: int
    patient_id: int
    kind: TaskKind
    due_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    flag_id: int | None = None
    once: str = ""


_MAKE = """
INSERT INTO recovery_task AS t (uid, program_id, patient_id, flag_id, kind, role, due_at, status, created_at, outcome,
  facts)
SELECT u.uid, u.program_id, u.patient_id, u.flag_id, u.kind, u.role, u.due_at, 'open', %(now)s, '', u.facts::jsonb
FROM unnest(%(uid)s::uuid[], %(program)s::bigint[], %(patient)s::bigint[], %(flag)s::bigint[], %(kind)s::text[],
  %(role)s::text[], %(due_at)s::timestamptz[], %(facts)s::text[], %(once)s::text[])
  AS u (uid, program_id, patient_id, flag_id, kind, role, due_at, facts, once)
WHERE u.once = '' OR NOT EXISTS (SELECT 1 FROM recovery_task e WHERE e.patient_id = u.patient_id AND e.kind = u.kind
  AND e.status <> 'open' AND e.facts ->> 'for' = u.once)
ORDER BY u.patient_id, u.kind
ON CONFLICT (patient_id, kind) WHERE status = 'open' DO UPDATE SET
  facts = t.facts || EXCLUDED.facts,
  due_at = LEAST(t.due_at, EXCLUDED.due_at),
  flag_id = COALESCE(t.flag_id, EXCLUDED.flag_id)
WHERE NOT t.facts @> EXCLUDED.facts
RETURNING t.id, t.program_id, t.patient_id, (t.xmax = 0)
"""


def make_tasks(*, actor: Actor = NOBODY, tasks: Sequence[NewTask], now: datetime) -> list[int]:
    """Make one open task per patient and kind; returns the ids of those that are new.

    One that is open already keeps its row and takes the new facts; its due time moves only forward in
    urgency. Making it again with the same facts writes nothing. The last of several for the same patient and
    kind counts. Audited. Part of the caller's transaction.
    """
    chosen = list({(each.patient_id, each.kind): each for each in tasks}.values())
    if not chosen:
        return []
    programs = {each.program_id for each in chosen}
    hours, policies = clinics(programs), policies_for(programs)

    def due(each: NewTask) -> datetime:
        if each.due_at is not None:
            return each.due_at
        return respond_by(
            TASK_RULES[each.kind].response,
            raised_at=now,
            acute=False,
            clinic=hours[each.program_id],
            policy=policies[each.program_id],
        )

    written = sql.rows(
        _MAKE,
        {
            "uid": [uuid.uuid4() for _ in chosen],
            "program": [each.program_id for each in chosen],
            "patient": [each.patient_id for each in chosen],
            "flag": [each.flag_id for each in chosen],
            "kind": [each.kind.value for each in chosen],
            "role": [TASK_RULES[each.kind].role.value for each in chosen],
            "due_at": [due(each) for each in chosen],
            "facts": [json.dumps({**each.facts, **({"for": each.once} if each.once else {})}) for each in chosen],
            "once": [each.once for each in chosen],
            "now": now,
        },
    )
    made: dict[int, list[tuple[int | None, str, int | None]]] = {}
    for pk, program_id, patient_id, is_new in written:
        if is_new:
            made.setdefault(program_id, []).append((patient_id, "task", pk))
    for program_id, objects in made.items():
        audit.record_many(actor=actor, action="task.made", program_id=program_id, objects=objects)
    return [row[0] for row in written if row[3]]


@transaction.atomic
def finish_task(
    *,
    actor: Actor,
    task_id: int,
    outcome: str,
    now: datetime,
    note: str = "",
    outreach: NewOutreach | None = None,
) -> Task:
    """End a task with what came of it; a contact is recorded beside it.

    Raises NotFound, Conflict when it is ended already, UnknownTaskOutcome for one that its kind does not
    have, NotAllowed when only a prescriber may end it.
    """
    task = Task.objects.select_for_update(no_key=True).filter(pk=task_id).first()
    if task is None:
        raise NotFound
    kind = TaskKind(task.kind)
    if TASK_RULES[kind].prescriber_only and not actor.roles.get(task.program_id, frozenset()) & PRESCRIBER_ROLES:
        raise NotAllowed("Only a prescriber may end this.")
    if task.status != TaskStatus.OPEN.value:
        raise Conflict("This is done already.")
    if TASK_RULES[kind].only_there:
        raise Conflict("This ends on its own page, when it has happened.")
    if not may_end(kind, outcome):
        raise UnknownTaskOutcome("There is no such outcome.", field="outcome")
    if outreach is not None:
        record_outreach(actor=actor, program_id=task.program_id, patient_id=task.patient_id, outreach=outreach, now=now)
    task.status, task.outcome = TaskStatus.DONE.value, outcome
    task.done_at, task.done_by_id = now, actor.user_id
    if note:
        task.seal(data_key(program_id=task.program_id, patient_id=task.patient_id), note=note)
    task.save(update_fields=["status", "outcome", "done_at", "done_by", "note"])
    audit.record_row(actor, "task.done", task)
    return task


_END = """
UPDATE recovery_task SET status = %(status)s, outcome = %(outcome)s, done_at = %(now)s, done_by_id = %(by)s
WHERE patient_id = ANY (%(patients)s::bigint[]) AND kind = ANY (%(kinds)s::text[]) AND status = 'open'
RETURNING id, program_id, patient_id
"""


def end_tasks(
    *,
    actor: Actor = NOBODY,
    patient_ids: Collection[int],
    kinds: Iterable[TaskKind],
    now: datetime,
    outcome: str = DONE_ELSEWHERE,
) -> list[int]:
    """End the open tasks of these kinds, because the work was done elsewhere or its reason ended.

    ``outcome`` ``REASON_ENDED`` cancels them, anything else is done. Returns the ids. Audited.
    """
    wanted = [kind.value for kind in kinds]
    if not patient_ids or not wanted:
        return []
    status = TaskStatus.CANCELLED if outcome == REASON_ENDED else TaskStatus.DONE
    ended = sql.rows(
        _END,
        {
            "patients": sorted(patient_ids),
            "kinds": wanted,
            "status": status.value,
            "outcome": outcome,
            "by": actor.user_id,
            "now": now,
        },
    )
    by_program: dict[int, list[tuple[int | None, str, int | None]]] = {}
    for pk, program_id, patient_id in ended:
        by_program.setdefault(program_id, []).append((patient_id, "task", pk))
    for program_id, objects in by_program.items():
        audit.record_many(actor=actor, action=f"task.{status.value}", program_id=program_id, objects=objects)
    return [row[0] for row in ended]
