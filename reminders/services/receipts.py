"""What the provider reports about texts that it has. The rank only moves up (M 1.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import connection

from backend.crypto import token_digest
from backend.db import programs
from recovery.selectors import reminding
from reminders.models import Message, StatusToken
from reminders.rules.retry import actions_for_receipt
from reminders.rules.states import TERMINAL, Audience, MessageState, apply_status
from reminders.services import outcomes, provider_codes
from reminders.services.slots import Ended

OLDEST = timedelta(hours=72)
"""A receipt for a text older than this is stored and changes nothing (MSG-21)."""

log = structlog.get_logger("holdfast.reminders")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One receipt, its message found."""

    message_id: int
    program_id: int
    sid: str
    status: str
    error_code: str
    stale: bool = False


def receive_status(*, token: str, sid: str, status: str, error_code: str, now: datetime) -> bool:
    """Take one receipt by the token of its callback address; tells whether the token is known.

    The token proves that the provider has the text, also when we never read its answer. Repeats
    and latecomers change nothing.
    """
    found = StatusToken.objects.filter(digest=token_digest(token)).first()
    if found is None:
        return False
    apply(
        [
            Incoming(
                message_id=found.message_id,
                program_id=found.program_id,
                sid=sid[:64],
                status=status[:20],
                error_code=error_code[:20],
                stale=now - found.created_at > OLDEST,
            )
        ],
        now=now,
    )
    return True


_STORE = """
INSERT INTO reminders_providerevent (program_id, patient_id, message_id, sid, status, error_code, received_at)
SELECT m.program_id, m.patient_id, m.id, u.sid, u.status, u.code, %(now)s
FROM unnest(%(ids)s::bigint[], %(sids)s::text[], %(statuses)s::text[], %(codes)s::text[])
  AS u (message_id, sid, status, code)
JOIN reminders_message m ON m.id = u.message_id
ON CONFLICT (sid, status, error_code) DO NOTHING
RETURNING message_id, sid, status, error_code
"""

_MOVE = """
UPDATE reminders_message m SET state = u.state, provider_rank = u.rank, why = u.why,
  provider_sid = CASE WHEN m.provider_sid = '' THEN u.sid ELSE m.provider_sid END,
  accepted_at = COALESCE(m.accepted_at, %(now)s), lease_until = NULL, claimed_by = '', next_look_at = NULL,
  question_open = m.question_open AND u.state NOT IN ('failed', 'undelivered', 'suppressed'),
  ended_at = CASE WHEN u.ended THEN %(now)s WHEN u.state IN ('accepted', 'sent') THEN NULL ELSE m.ended_at END
FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(ranks)s::smallint[], %(whys)s::text[], %(sids)s::text[],
  %(ended)s::boolean[]) AS u (id, state, rank, why, sid, ended)
WHERE m.id = u.id
"""


def apply(incoming: Sequence[Incoming], *, now: datetime) -> int:
    """Store receipts and move their messages; returns how many moved. Opens its own scope."""
    if not incoming:
        return 0
    with programs(sorted({one.program_id for one in incoming})):
        # Locked in one order, so that a thousand at once wait for each other and never in a circle.
        rows = {
            row.pk: row
            for row in Message.objects.select_for_update()
            .filter(pk__in={one.message_id for one in incoming})
            .order_by("pk")
        }
        known = [one for one in incoming if one.message_id in rows]
        fresh = _store(known, now=now)
        moves: dict[int, tuple[MessageState, int, str, str]] = {}
        told: list[tuple[Incoming, Message]] = []
        for one in known:
            if (one.message_id, one.sid, one.status, one.error_code) not in fresh or one.stale:
                continue
            row = rows[one.message_id]
            state, rank, _, _ = moves.get(row.pk, (MessageState(row.state), row.provider_rank, "", ""))
            receipt = apply_status(state=state, seen_rank=rank, status=one.status)
            if receipt.contradicts:
                log.error("the provider has a text that was written off", message_id=row.pk, program_id=row.program_id)
            if receipt.rank > rank:
                why = _why(receipt.state, one) if receipt.moved else row.why
                moves[row.pk] = (receipt.state, receipt.rank, why, one.sid)
            told.append((one, row))
        _move(moves, now=now)
        for one, row in told:
            _act(one, row, now=now)
        outcomes.tell(
            [_ended(rows[pk], move) for pk, move in moves.items() if move[0] in _TOLD and rows[pk].state != move[0]],
            now=now,
        )
        return len(moves)


def _why(state: MessageState, one: Incoming) -> str:
    if state in (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.SUPPRESSED):
        return one.error_code or one.status
    return ""


_TOLD = (MessageState.FAILED, MessageState.UNDELIVERED, MessageState.DELIVERED)


def _store(incoming: Sequence[Incoming], *, now: datetime) -> set[tuple[int, str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _STORE,
            {
                "now": now,
                "ids": [one.message_id for one in incoming],
                "sids": [one.sid for one in incoming],
                "statuses": [one.status for one in incoming],
                "codes": [one.error_code for one in incoming],
            },
        )
        return set(cursor.fetchall())


def _move(moves: dict[int, tuple[MessageState, int, str, str]], *, now: datetime) -> None:
    if not moves:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "now": now,
                "ids": list(moves),
                "states": [move[0].value for move in moves.values()],
                "ranks": [move[1] for move in moves.values()],
                "whys": [move[2] for move in moves.values()],
                "sids": [move[3] for move in moves.values()],
                "ended": [move[0] in TERMINAL for move in moves.values()],
            },
        )


def _act(one: Incoming, row: Message, *, now: datetime) -> None:
    """What a code asks for beyond its message, which has its end by now."""
    if not one.error_code.isdigit():
        return
    actions = actions_for_receipt(int(one.error_code))
    if not actions:
        return
    index = None
    if row.patient_id is not None and row.audience == Audience.PATIENT.value:
        contact = reminding.contacts([row.patient_id]).get(row.patient_id)
        index = contact.phone_index if contact is not None else None
    provider_codes.act(
        actions,
        program_id=row.program_id,
        patient_id=row.patient_id,
        message_id=row.pk,
        template=row.template,
        phone_index=index,
        code=one.error_code,
        now=now,
    )


def _ended(row: Message, move: tuple[MessageState, int, str, str]) -> Ended:
    return Ended(
        message_id=row.pk,
        program_id=row.program_id,
        patient_id=row.patient_id,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        slot_on=row.slot_on,
        step=row.step,
        state=move[0].value,
        why=move[2],
        channel=row.channel,
        instead_of=row.instead_of,
    )
