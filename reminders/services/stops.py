"""Switching a class of texts off and on, templates that stop themselves, and who must be told in person (N33).

A switch is effective in the statement that commits a text to the wire: see services/dispatch. What it holds
back ends as ``suppressed`` and is listed; where it was a text of safety, a nurse gets a task for the person.
"""

from collections.abc import Iterable
from datetime import datetime

import structlog
from django.db import connection, transaction

from backend.access import NOBODY, Actor
from backend.errors import Conflict, DomainError, NotAllowed, NotFound
from backend.rules.roles import Access
from backend.services import audit
from recovery.rules.tasks import TaskKind
from recovery.services.tasks import NewTask, make_tasks
from reminders.models import Stop
from reminders.rules import wording
from reminders.rules.dispatch import Why
from reminders.rules.states import MessageClass
from reminders.rules.stops import FILTER, StopKind, is_safety, should_stop
from reminders.selectors import stops as selectors
from reminders.selectors.facts import Claimed

LONGEST_REASON = 200

log = structlog.get_logger("holdfast.reminders")


class ReasonNeeded(DomainError):
    code = "reason-needed"


class UnknownKindOfText(DomainError):
    code = "unknown-kind-of-text"


_WRITE = """
INSERT INTO reminders_stop (program_id, kind, name, reason, since, by_id) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (program_id, kind, name) WHERE ended_at IS NULL DO NOTHING
RETURNING id
"""


def _write(*, program_id: int, kind: StopKind, name: str, reason: str, actor: Actor, now: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [program_id, kind.value, name, reason, now, actor.user_id])
        made = cursor.fetchone()
    if made is None:
        return None
    audit.record(
        actor=actor,
        action="texts.switched_off",
        program_id=program_id,
        object_kind="stop",
        object_id=made[0],
        fields=[f"{kind.value}:{name}"],
    )
    return int(made[0])


@transaction.atomic
def switch_off(*, actor: Actor, program_id: int, kind: StopKind, name: str, reason: str, now: datetime) -> int:
    """Send no more texts of a class, or none from a template; returns the stop's id. Audited.

    By an operator or a medical director of the program, with a reason that names nobody. Raises NotFound,
    UnknownKindOfText, ReasonNeeded, Conflict when it is off already.
    """
    _refuse_others(actor, program_id)
    known = {one.value for one in MessageClass} if kind is StopKind.CLASS else set(wording.TEMPLATES)
    if name not in known:
        raise UnknownKindOfText("There is no such kind of text.", field="name")
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise ReasonNeeded(f"Say why, in up to {LONGEST_REASON} characters.", field="reason")
    made = _write(program_id=program_id, kind=kind, name=name, reason=reason, actor=actor, now=now)
    if made is None:
        raise Conflict("This is off already.")
    return made


@transaction.atomic
def switch_on(*, actor: Actor, stop_id: int, now: datetime) -> int:
    """End a stop; returns its program. What it held back stays unsent: it is listed, not sent late. Audited.

    Raises NotFound, Conflict when it has ended.
    """
    row = Stop.objects.select_for_update().filter(pk=stop_id).first()
    if row is None:
        raise NotFound
    _refuse_others(actor, row.program_id)
    if row.ended_at is not None:
        raise Conflict("This is on again already.")
    row.ended_at, row.ended_by_id = now, actor.user_id
    row.save(update_fields=["ended_at", "ended_by"])
    audit.record(
        actor=actor,
        action="texts.switched_on",
        program_id=row.program_id,
        object_kind="stop",
        object_id=row.pk,
        fields=[f"{row.kind}:{row.name}"],
    )
    return row.program_id


def _refuse_others(actor: Actor, program_id: int) -> None:
    if program_id not in actor.roles:
        raise NotFound
    if program_id not in actor.programs_for(Access.DIRECTION):
        raise NotAllowed("Only an operator or a medical director switches texts off and on.")


def note_filtered(*, program_id: int, template: str, code: str, now: datetime) -> bool:
    """A carrier filtered a text: stop its template when that is a pattern; tells whether it stopped it now.

    Sending on makes it worse (M 1.3, 30007). A person switches it on again.
    """
    if (program_id, template) in selectors.in_force([program_id]).templates:
        return False
    filtered, sent = selectors.filtered_of(
        program_id=program_id, template=template, code=code, since=now - FILTER.window
    )
    if not should_stop(filtered=filtered, sent=sent):
        return False
    made = _write(
        program_id=program_id,
        kind=StopKind.TEMPLATE,
        name=template,
        reason=f"Carriers filtered {filtered} of {sent} within an hour ({code}).",
        actor=NOBODY,
        now=now,
    )
    if made is not None:
        log.error("template stopped", program_id=program_id, template=template, code=code)
    return made is not None


def tell(held: Iterable[tuple[Claimed, Why]], *, now: datetime) -> int:
    """Give a nurse a task for each person who misses a text of safety because of a stop; returns how many are new."""
    people = {
        one.patient_id: one
        for one, why in held
        if why.value in selectors.HELD_BACK
        and one.patient_id is not None
        and is_safety(one.message_class, acute=one.acute)
    }
    made = make_tasks(
        tasks=[
            NewTask(
                program_id=one.program_id,
                patient_id=patient_id,
                kind=TaskKind.MISSED_TEXT,
                facts={"text": one.message_class.value, "on": one.slot_on.isoformat()},
            )
            for patient_id, one in people.items()
        ],
        now=now,
    )
    return len(made)
