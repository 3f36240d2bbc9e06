"""Who must not be texted. Keyed by number and program, not by patient: numbers are shared and recycled."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from backend.access import NOBODY, Actor
from backend.services import audit
from recovery.selectors import reminding
from recovery.services.supporters import withdraw_number
from reminders.models import Message, OptOut
from reminders.rules.dispatch import Why
from reminders.rules.states import Channel, MessageClass, MessageState
from reminders.rules.stops import WRONG_PERSON
from reminders.services import outcomes, slots

SCOPE = "sms"

_WRITE = """
INSERT INTO reminders_optout (program_id, phone_index, scope, source, since, inbound_id)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (program_id, phone_index, scope) WHERE ended_at IS NULL DO UPDATE SET source = EXCLUDED.source
WHERE reminders_optout.source = 'wrong_person' AND EXCLUDED.source <> 'wrong_person'
RETURNING id, (xmax = 0)
"""


def opt_out(
    *,
    program_id: int,
    phone_index: bytes,
    source: str,
    now: datetime,
    inbound_id: int | None = None,
    actor: Actor = NOBODY,
) -> bool:
    """Write an opt-out and end what is planned for the number; effective when this transaction commits.

    ``source``: text, provider, staff, app, or wrong_person, which any other outlives. Tells whether it is new.
    Needs an open scope. What a dispatcher has claimed ends too; what it has committed as ``sending`` is on the
    wire already.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [program_id, phone_index, SCOPE, source, now, inbound_id])
        written = cursor.fetchone()
    made = written if written is not None and written[1] else None
    holders = [one for one in reminding.phone_holders([phone_index]) if one.program_id == program_id]
    why = Why.WRONG_PERSON if source == WRONG_PERSON else Why.OPTED_OUT
    suppress_waiting([one.patient_id for one in holders], why=why, now=now)
    # Whoever stands beside a patient and says stop ends their own consent with it (N27).
    withdraw_number(program_id=program_id, index=phone_index, now=now, actor=actor)
    if made is None:
        return False
    for one in holders:
        audit.record(
            actor=actor,
            action="messages.opted_out",
            program_id=program_id,
            patient_id=one.patient_id,
            object_kind="opt_out",
            object_id=made[0],
        )
    return True


def suppress_waiting(patient_ids: Sequence[int], *, why: Why, now: datetime) -> int:
    """End every text that waits for these patients, claimed rows included; returns how many.

    A wake-up goes on: it leaves by another agreement, which its person ends where they gave it (M 1.3).
    """
    waiting = (
        Message.objects.filter(
            patient_id__in=patient_ids,
            channel=Channel.SMS.value,
            state__in=[MessageState.PLANNED.value, MessageState.CLAIMED.value],
        )
        .exclude(message_class=MessageClass.OPT_OUT_CONFIRM.value)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    ended = slots.end(
        [(pk, MessageState.SUPPRESSED, why.value) for pk in waiting],
        now=now,
        from_states=(MessageState.PLANNED, MessageState.CLAIMED),
    )
    outcomes.tell(ended, now=now)
    return len(ended)


def opt_in(*, program_id: int, phone_index: bytes, now: datetime, actor: Actor = NOBODY) -> bool:
    """End the opt-out of a number; tells whether one was in force. It reopens only what the opt-out closed.

    Not one of a number that may be a stranger's: a person asks first (N21).
    """
    ended = (
        OptOut.objects.filter(program_id=program_id, phone_index=phone_index, scope=SCOPE, ended_at__isnull=True)
        .exclude(source=WRONG_PERSON)
        .update(ended_at=now)
    )
    if ended:
        for one in reminding.phone_holders([phone_index]):
            if one.program_id == program_id:
                audit.record(
                    actor=actor,
                    action="messages.opted_in",
                    program_id=program_id,
                    patient_id=one.patient_id,
                    object_kind="opt_out",
                )
    return bool(ended)
