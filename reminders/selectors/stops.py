"""What is switched off, and who missed a text because of it (N33). Needs an open scope."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from reminders.models import BadNumber, Message, Stop
from reminders.rules.dispatch import Why
from reminders.rules.states import MessageClass, MessageState
from reminders.rules.stops import StopKind, is_safety

HELD_BACK = (Why.KILL_SWITCH.value, Why.TEMPLATE_STOPPED.value)


@dataclass(frozen=True, slots=True)
class InForce:
    """What is off now, by program."""

    classes: frozenset[tuple[int, str]] = frozenset()
    templates: frozenset[tuple[int, str]] = frozenset()


NOTHING = InForce()


def in_force(program_ids: Collection[int]) -> InForce:
    """What is off now in these programs."""
    rows = Stop.objects.filter(program_id__any=sorted(program_ids), ended_at__isnull=True)
    found: dict[str, set[tuple[int, str]]] = {kind.value: set() for kind in StopKind}
    for program_id, kind, name in rows.values_list("program_id", "kind", "name"):
        found[kind].add((program_id, name))
    if not any(found.values()):
        return NOTHING
    return InForce(frozenset(found[StopKind.CLASS.value]), frozenset(found[StopKind.TEMPLATE.value]))


@dataclass(frozen=True, slots=True)
class ShownStop:
    """A stop as a page lists it."""

    pk: int
    kind: str
    name: str
    reason: str
    since: datetime
    by_id: int | None
    ended_at: datetime | None


def stops_of(program_id: int, *, limit: int = 50) -> list[ShownStop]:
    """What is off and what was: what is off first, then the latest first."""
    rows = Stop.objects.filter(program_id=program_id).order_by(F("ended_at").desc(nulls_first=True), "-since", "-pk")
    return [
        ShownStop(row.pk, row.kind, row.name, row.reason, row.since, row.by_id, row.ended_at) for row in rows[:limit]
    ]


def bad_numbers(phone_indexes: Collection[bytes]) -> dict[tuple[int, bytes], str]:
    """Of these numbers the ones that get no texts: (program id, index) to the code that says why."""
    rows = BadNumber.objects.filter(phone_index__any=list(phone_indexes), ended_at__isnull=True)
    return {
        (program_id, bytes(index)): code
        for program_id, index, code in rows.values_list("program_id", "phone_index", "code")
    }


@dataclass(frozen=True, slots=True)
class Missed:
    """A text that a switch held back."""

    message_id: int
    patient_id: int | None
    message_class: str
    template: str
    due_at: datetime
    ended_at: datetime | None
    safety: bool


def missed(program_id: int, *, since: datetime, until: datetime | None = None, limit: int = 500) -> list[Missed]:
    """The texts that were held back by a switch or a stopped template, safety first, then by time."""
    rows = Message.objects.filter(
        Q(ended_at__gte=since),
        program_id=program_id,
        state=MessageState.SUPPRESSED.value,
        why__in=HELD_BACK,
    )
    if until is not None:
        rows = rows.filter(ended_at__lte=until)
    found = [
        Missed(
            message_id=row.pk,
            patient_id=row.patient_id,
            message_class=row.message_class,
            template=row.template,
            due_at=row.due_at,
            ended_at=row.ended_at,
            safety=is_safety(MessageClass(row.message_class), acute=row.acute),
        )
        for row in rows.order_by("-due_at")[:limit]
    ]
    return sorted(found, key=lambda one: (not one.safety, one.due_at, one.message_id))


_FILTERED = """
SELECT count(*) FILTER (WHERE m.why = %(code)s AND m.state IN ('failed', 'undelivered')), count(*)
FROM reminders_message m
WHERE m.program_id = %(program)s AND m.template = %(template)s AND m.sending_at >= %(since)s
  AND m.due_at >= %(since)s - interval '2 days'
"""


def filtered_of(*, program_id: int, template: str, code: str, since: datetime) -> tuple[int, int]:
    """How many texts of a template were filtered, and how many were handed over, since then."""
    with connection.cursor() as cursor:
        cursor.execute(_FILTERED, {"program": program_id, "template": template, "code": code, "since": since})
        row = cursor.fetchone()
    assert row is not None
    return row[0], row[1]


def failures_of(*, program_id: int, patient_id: int, codes: Collection[str], since: datetime) -> int:
    """How many texts to a patient ended with one of these codes since then."""
    return Message.objects.filter(
        program_id=program_id,
        patient_id=patient_id,
        state__in=[MessageState.FAILED.value, MessageState.UNDELIVERED.value],
        why__in=list(codes),
        ended_at__gte=since,
    ).count()
